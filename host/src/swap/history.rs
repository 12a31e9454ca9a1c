//! The history of changes: what changed, with which outcome, and how long each step took.

use crate::registry::Digest;
use crate::runtime::{LoadProblem, in_one_line};
use crate::telemetry::microseconds;
use crate::wall_clock::rfc3339;
use parking_lot::Mutex;
use serde::{Serialize, Serializer};
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

/// How many changes the history keeps; the oldest goes first.
const RECORDS_MAX: usize = 2_000;

/// The outcome of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The new generation serves.
    Switched,
    /// The old generation still serves, if there is one.
    Refused,
    /// The service was removed.
    Removed,
    /// The canary gets its share of the requests, in place of another if one ran.
    CanaryStarted,
    /// The canary did worse than the stable generation, so the host took it out.
    CanaryTakenOut,
    /// The registry no longer names the canary, or a new generation could not call it.
    CanaryEnded,
}

/// How long each step of a change took; none for a step that it did not reach. In JSON these are
/// microseconds, rounded up.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StepTimes {
    /// Read, compile (or find compiled), check imports and exports.
    #[serde(serialize_with = "micros")]
    pub load: Option<Duration>,
    /// `lifecycle.start`.
    #[serde(serialize_with = "micros")]
    pub start: Option<Duration>,
    /// Make as many instances as the old generation has.
    #[serde(serialize_with = "micros")]
    pub warm: Option<Duration>,
    /// Pin the callees of the old generations, store one pointer, unpin those of the new ones.
    #[serde(serialize_with = "micros")]
    pub switch: Option<Duration>,
    /// Finish the requests of the old generation.
    #[serde(serialize_with = "micros_once_set")]
    pub drain: Arc<OnceLock<Duration>>,
}

/// One change of one service.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// Counts the changes from 1.
    pub id: u64,
    /// When the record was made (RFC 3339).
    pub at: String,
    /// The name of the service.
    pub service: String,
    /// Why the registry was read, or `canary` if the host took one out.
    pub trigger: &'static str,
    /// What differed from what ran, such as `limits.timeout: 10s -> 5s`.
    pub changed: Vec<String>,
    /// Whether the change was made.
    pub outcome: Outcome,
    /// Why the change was refused, or the canary ended.
    pub reason: Option<String>,
    /// The number of the generation that serves after it.
    pub generation: u64,
    /// The digest of the component that served before.
    #[serde(rename = "from_digest")]
    pub from: Option<Digest>,
    /// The digest of the component that was to serve.
    #[serde(rename = "to_digest")]
    pub to: Option<Digest>,
    /// How long each step took.
    #[serde(rename = "steps_us")]
    pub steps: StepTimes,
}

impl Record {
    /// A record to be completed by the steps of the change.
    pub(super) fn new(service: &str, trigger: &'static str, changed: Vec<String>) -> Self {
        Self {
            id: 0,
            at: rfc3339::of(SystemTime::now()),
            service: service.to_owned(),
            trigger,
            changed,
            outcome: Outcome::Switched,
            reason: None,
            generation: 0,
            from: None,
            to: None,
            steps: StepTimes::default(),
        }
    }

    /// Whether the change was refused.
    pub(super) fn is_refusal(&self) -> bool {
        self.outcome == Outcome::Refused
    }

    /// Notes why the change was refused.
    pub(super) fn refuse(&mut self, problems: &[LoadProblem]) {
        self.outcome = Outcome::Refused;
        self.reason = Some(in_one_line(problems));
    }
}

/// The latest changes, up to a limit.
#[derive(Debug, Default)]
pub(super) struct History(Mutex<KeptRecords>);

#[derive(Debug, Default)]
struct KeptRecords {
    last_id: u64,
    /// How many changes had each outcome, in the order of [`Outcome::ALL`].
    by_outcome: [u64; Outcome::ALL.len()],
    records: VecDeque<Record>,
}

impl History {
    /// Logs and keeps a change; returns it with its id.
    pub(super) fn add(&self, mut record: Record) -> Record {
        log(&record);
        let mut kept = self.0.lock();
        kept.last_id += 1;
        record.id = kept.last_id;
        for (outcome, count) in Outcome::ALL.into_iter().zip(&mut kept.by_outcome) {
            *count += u64::from(outcome == record.outcome);
        }
        if kept.records.len() == RECORDS_MAX {
            kept.records.pop_front();
        }
        kept.records.push_back(record.clone());
        record
    }

    /// How many changes had each outcome.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = (Outcome, u64)> {
        let by_outcome = self.0.lock().by_outcome;
        Outcome::ALL.into_iter().zip(by_outcome)
    }

    /// The latest changes of a service, or of all, newest first.
    pub(super) fn latest(&self, service: Option<&str>, count: usize) -> Vec<Record> {
        let kept = self.0.lock();
        let wanted = |record: &&Record| service.is_none_or(|name| name == record.service);
        let newest_first = kept.records.iter().rev().filter(wanted);
        newest_first.take(count).cloned().collect()
    }
}

fn log(record: &Record) {
    let micros = |step: Option<Duration>| step.map(microseconds);
    let text = |digest: Option<Digest>| digest.map(|digest| digest.to_string());
    let changed = record.changed.join(", ");
    macro_rules! line {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                service = record.service,
                trigger = record.trigger,
                changed,
                generation = record.generation,
                from = text(record.from),
                to = text(record.to),
                load_us = micros(record.steps.load),
                start_us = micros(record.steps.start),
                warm_us = micros(record.steps.warm),
                switch_us = micros(record.steps.switch),
                reason = record.reason,
                $message
            )
        };
    }
    match record.outcome {
        Outcome::Switched => line!(info, "the service was switched"),
        Outcome::Refused => line!(error, "a change of the service was refused"),
        Outcome::Removed => line!(info, "the service was removed"),
        Outcome::CanaryStarted => line!(info, "the canary gets requests"),
        Outcome::CanaryTakenOut => line!(error, "the canary was taken out"),
        Outcome::CanaryEnded => line!(info, "the canary has ended"),
    }
}

fn micros<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    let micros = time.map(|time| time.as_nanos().div_ceil(1_000));
    micros.serialize(serializer)
}

fn micros_once_set<S: Serializer>(
    time: &OnceLock<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    micros(&time.get().copied(), serializer)
}
