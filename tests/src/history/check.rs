//! Holds what clients were told against the journal, and the journal against the model.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

use uuid::Uuid;

use super::books::Books;
use super::call::{CallRecord, Decided, Details, Line, Reply, Told, Wish};
use super::journal::{Event, Row};
use super::words::Kind;

/// What a sound bank never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A row's outcome, entries, balances, place, or time is not what follows from the rows before
    /// it. So are an account that goes below its limit, a hold that ends twice, and a decline that
    /// moves money.
    Replay,
    /// A client has heard of what is not in the journal.
    Lost,
    /// One id is there twice, two wishes have one row, or two calls are the first of one key.
    Doubled,
    /// There is a row that no client asked for.
    Unasked,
    /// A row is not what was asked for, or not what a client has heard of it.
    Untrue,
    /// One request was answered in two ways, or refused after it was decided.
    Inconstant,
    /// What was answered before another call began comes after it in the journal.
    Order,
    /// A request was never answered for good, so that nothing can be said of it.
    Unanswered,
}

/// A rule that was broken, and by what.
pub type Violation = (Rule, String);

/// What it knows of the bank so far. Each check goes on from the one before it.
#[derive(Debug, Clone, Default)]
pub struct Checker {
    /// What it has read of the bank.
    pub books: Books,
    /// What came of each request that was decided.
    answers: HashMap<Scope, Answered>,
    /// The newest row that was answered in the checks so far.
    answered_sequence: u64,
    pub violations: Vec<Violation>,
}

/// What one idempotency key is one of: caller, call, key.
type Scope = (Uuid, Discriminant<Wish>, Arc<str>);

/// What was asked for under a key, and the digest of the answer.
type Answered = (Arc<Wish>, [u8; 32]);

/// A decision of this check, and when it can have been made.
#[derive(Debug, Clone, Copy)]
struct Span {
    began_ns: u64,
    ended_ns: u64,
    first: u64,
    last: u64,
}

impl Checker {
    /// Checks all calls since the last check against the rows and events since then.
    pub fn check(
        &mut self,
        calls: &[CallRecord],
        events: impl IntoIterator<Item = Event>,
        rows: &[Row],
    ) {
        let first_new = self.books.rows_seen() + 1;
        for event in events {
            self.books.notice(event);
        }
        let batches = atomic_batches(calls);
        self.books.read(rows, &batches, &mut self.violations);
        let spans = self.hear(calls);
        self.check_order(spans);
        // The bank does nothing by itself but end holds whose time is up.
        for row in self.books.untold_from(first_new) {
            if row.kind != Kind::Expiry {
                self.report(Rule::Unasked, format!("{row:?}"));
            }
        }
    }

    fn report(&mut self, rule: Rule, what: String) {
        self.violations.push((rule, what));
    }

    /// Checks what each request was told; answers when each that was decided now can have been.
    fn hear(&mut self, calls: &[CallRecord]) -> Vec<Span> {
        let mut requests: HashMap<Scope, Vec<&CallRecord>> = HashMap::new();
        for call in calls {
            let kind = discriminant(&*call.wish);
            let scope = (call.principal, kind, Arc::clone(&call.key));
            requests.entry(scope).or_default().push(call);
        }
        requests
            .into_iter()
            .filter_map(|(scope, calls)| self.hear_request(scope, &calls))
            .collect()
    }

    fn hear_request(&mut self, scope: Scope, calls: &[&CallRecord]) -> Option<Span> {
        if calls.iter().all(|call| call.reply.is_none()) {
            self.report(Rule::Unanswered, format!("{:?}", calls[0]));
            return None;
        }
        let was_known = self.answers.contains_key(&scope);
        for call in calls {
            self.hear_call(&scope, call);
        }
        let (wish, _) = self.answers.get(&scope)?.clone();
        let own = || calls.iter().copied().filter(|call| call.wish == wish);
        let decided = || own().filter(|call| call.is_decided());
        let known_since_ns = if was_known {
            Some(0)
        } else {
            decided().map(|call| call.ended_ns).min()
        };
        self.check_repetitions(own(), known_since_ns);
        let told = decided().find_map(|call| call.reply.as_ref())?;
        let sequences = told.told.decided().into_iter();
        let sequences: Vec<u64> = sequences
            .filter_map(|decided| Some(self.books.row(decided.id)?.sequence))
            .collect();
        let span = Span {
            began_ns: own().map(|call| call.began_ns).min()?,
            ended_ns: decided().map(|call| call.ended_ns).min()?,
            first: *sequences.iter().min()?,
            last: *sequences.iter().max()?,
        };
        (!was_known).then_some(span)
    }

    /// Checks the calls with the body that was decided: one response at most is the first, and
    /// after one has come, all others are repetitions.
    fn check_repetitions<'a>(
        &mut self,
        own: impl Iterator<Item = &'a CallRecord>,
        known_since_ns: Option<u64>,
    ) {
        let is_late = |call: &CallRecord| known_since_ns.is_some_and(|known| known < call.began_ns);
        let mut has_first = false;
        for call in own {
            let Some(reply) = &call.reply else { continue };
            if !reply.is_recorded() {
                if reply.is_key_reused() || is_late(call) {
                    let what = format!("decided, and then refused: {call:?}");
                    self.report(Rule::Inconstant, what);
                }
            } else if !reply.replayed {
                if has_first || is_late(call) {
                    let what = format!("answered as if it were the first: {call:?}");
                    self.report(Rule::Doubled, what);
                }
                has_first = true;
            }
        }
    }

    fn hear_call(&mut self, scope: &Scope, call: &CallRecord) {
        let Some(reply) = call.reply.as_ref().filter(|_| call.is_decided()) else {
            return;
        };
        let told = (Arc::clone(&call.wish), reply.digest);
        if let Some(answered) = self.answers.get(scope) {
            if *answered != told {
                let what = format!("{call:?}, and before {answered:?}");
                self.report(Rule::Inconstant, what);
            }
            return;
        }
        self.answers.insert(scope.clone(), told);
        match (&*call.wish, &reply.told) {
            (Wish::Batch { lines, .. }, Told::Batch(told)) if told.len() == lines.len() => {
                self.check_batch(call, lines, told);
            }
            (wish, Told::Decided(decided)) if !matches!(wish, Wish::Batch { .. }) => {
                self.check_one(call, wish, decided);
            }
            (Wish::Order(..), Told::Made(_)) => {}
            _ => {
                let what = format!("it has not one outcome for each wish: {call:?}");
                self.report(Rule::Untrue, what);
            }
        }
    }

    /// The rows of a batch stand side by side, in the order of its lines.
    fn check_batch(&mut self, call: &CallRecord, lines: &[Line], told: &[Told]) {
        let mut before: Option<u64> = None;
        for (line, told) in lines.iter().zip(told) {
            let Told::Decided(decided) = told else {
                continue;
            };
            let place = self.check_one(call, &Wish::Transfer(*line), decided);
            if let (Some(before), Some(place)) = (before, place)
                && place != before + 1
            {
                let what = format!("row {place} follows row {before} in the batch {}", call.key);
                self.report(Rule::Order, what);
            }
            before = place;
        }
    }

    /// Checks one wish and what its client has heard against the row; returns the row's place.
    fn check_one(&mut self, call: &CallRecord, wish: &Wish, decided: &Decided) -> Option<u64> {
        let Some(recorded) = self.books.row(decided.id).cloned() else {
            self.report(Rule::Lost, format!("{} was told to {call:?}", decided.id));
            return None;
        };
        let is_other = |shown: &Details| *shown != self.books.details_of(&recorded);
        if decided.outcome != recorded.outcome || decided.details.as_ref().is_some_and(is_other) {
            self.report(Rule::Untrue, format!("{recorded:?} was told to {call:?}"));
        }
        if !self.books.tell(decided.id) {
            let what = format!("somebody else was told of it: {call:?}");
            self.report(Rule::Doubled, what);
        }
        if recorded.actor != call.principal || !self.books.is_as_asked(wish, &recorded) {
            let what = format!("{recorded:?} is not as asked: {call:?}");
            self.report(Rule::Untrue, what);
        }
        Some(recorded.sequence)
    }

    /// One pass over what began and what ended, by the clock.
    fn check_order(&mut self, mut spans: Vec<Span>) {
        let mut ended = spans.clone();
        ended.sort_unstable_by_key(|span| span.ended_ns);
        spans.sort_unstable_by_key(|span| span.began_ns);
        let mut ended = ended.into_iter().peekable();
        for span in spans {
            while let Some(before) = ended.next_if(|before| before.ended_ns < span.began_ns) {
                self.answered_sequence = self.answered_sequence.max(before.last);
            }
            if span.first <= self.answered_sequence {
                let what = format!(
                    "row {} was asked for after row {} was answered",
                    span.first, self.answered_sequence
                );
                self.report(Rule::Order, what);
            }
        }
        for span in ended {
            self.answered_sequence = self.answered_sequence.max(span.last);
        }
    }
}

impl CallRecord {
    fn is_decided(&self) -> bool {
        self.reply.as_ref().is_some_and(Reply::is_recorded)
    }
}

/// Which rows belong together: the ids that the answers to atomic batches tell of.
fn atomic_batches(calls: &[CallRecord]) -> HashMap<Uuid, usize> {
    let atomic = calls
        .iter()
        .enumerate()
        .filter(|(_, call)| matches!(*call.wish, Wish::Batch { atomic: true, .. }));
    let ids = atomic.flat_map(|(number, call)| {
        let told = call.reply.iter().flat_map(|reply| reply.told.decided());
        told.map(move |decided| (decided.id, number))
    });
    ids.collect()
}
