//! Asks the bank, and writes down what and when.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::call::{CallRecord, Reply, Told, Wish};
use super::words::Outcome;
use crate::json::text;
use crate::{Answer, Person};

/// How long a client repeats a request before the test has failed.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How long it waits in between.
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// All calls of a test, in no order. Its clones write into the same book.
#[derive(Debug, Clone)]
pub struct History {
    epoch: Instant,
    calls: Arc<Mutex<Vec<CallRecord>>>,
}

/// Somebody's request under a key of its own, to be repeated in the same words.
#[derive(Debug, Clone)]
pub struct Ask {
    pub key: Arc<str>,
    pub wish: Arc<Wish>,
}

/// What a client hears.
#[derive(Debug, Clone)]
pub enum Heard {
    Final(Reply),
    /// That it may ask again: the status and the code.
    NotYet(u16, String),
    /// Nothing: the connection was refused, or broke.
    Silence,
}

impl Heard {
    fn of(answer: &Answer) -> Self {
        if let Some(reply) = Reply::of(answer) {
            return Self::Final(reply);
        }
        let problem = answer.problem(answer.status);
        Self::NotYet(answer.status, text(&problem["code"]).to_owned())
    }

    #[track_caller]
    pub fn reply(&self) -> &Reply {
        match self {
            Self::Final(reply) => reply,
            other => panic!("{other:?} is not final"),
        }
    }

    /// The outcome of the one transaction that was asked for.
    #[track_caller]
    pub fn outcome(&self) -> Outcome {
        match &self.reply().told {
            Told::Decided(decided) => decided.outcome,
            other => panic!("{other:?} is no decision"),
        }
    }
}

impl Ask {
    pub fn new(key: &str, wish: Wish) -> Self {
        Self {
            key: key.into(),
            wish: Arc::new(wish),
        }
    }
}

impl Default for History {
    fn default() -> Self {
        Self {
            epoch: Instant::now(),
            calls: Arc::default(),
        }
    }
}

impl History {
    pub async fn ask(&self, person: &Person, ask: &Ask) -> Heard {
        let request = person.post(&ask.wish.path()).key(&ask.key);
        let request = match ask.wish.body() {
            Some(body) => request.json(&body),
            None => request,
        };
        let began_ns = self.now_ns();
        let answer = request.try_send().await;
        let ended_ns = self.now_ns();
        let heard = answer.map_or(Heard::Silence, |answer| Heard::of(&answer));
        let reply = match &heard {
            Heard::Final(reply) => Some(reply.clone()),
            Heard::NotYet(..) | Heard::Silence => None,
        };
        self.lock().push(CallRecord {
            principal: Uuid::parse_str(&person.id).expect("a user's id"),
            key: Arc::clone(&ask.key),
            wish: Arc::clone(&ask.wish),
            began_ns,
            ended_ns,
            reply,
        });
        heard
    }

    /// Asks until there is a final answer.
    pub async fn ask_until_answered(&self, person: &Person, ask: &Ask) -> Reply {
        let started = Instant::now();
        loop {
            if let Heard::Final(reply) = self.ask(person, ask).await {
                return reply;
            }
            assert!(started.elapsed() < RETRY_MAX, "{ask:?} is not answered");
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }

    /// Takes what was written since the last time. No call may be under way.
    pub fn take(&self) -> Vec<CallRecord> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<CallRecord>> {
        self.calls.lock().expect("no call panics with it")
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).expect("a test does not last for centuries")
    }
}
