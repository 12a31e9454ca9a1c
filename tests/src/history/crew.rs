//! Clients at work, until they are stopped or the host is gone.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use uuid::Uuid;

use super::call::Reply;
use super::journal::Row;
use super::record::{Ask, Heard, History, RETRY_PAUSE};
use super::scene::Scene;
use super::traffic::{Town, Who, Wishes};
use super::words::Outcome;

pub type OwnedAsk = (Who, Ask);

/// What one client did.
#[derive(Debug)]
pub struct Shift {
    pub wishes: Wishes,
    pub answered: Vec<(OwnedAsk, Reply)>,
    /// There is always one where the host died.
    pub unanswered: Option<OwnedAsk>,
    pub refusals: Vec<Refusal>,
}

/// The status and the code of an answer that promises nothing, and after how long it came.
pub type Refusal = (u16, String, Duration);

#[derive(Debug, Default)]
pub struct Crew {
    clients: JoinSet<Shift>,
    stop: Arc<AtomicBool>,
    decided: Arc<AtomicU64>,
}

impl Crew {
    /// Each client works on its own list.
    pub fn begin(scene: &Scene, clients: impl IntoIterator<Item = Wishes>) -> Self {
        let mut crew = Self::default();
        for wishes in clients {
            let (town, history) = (Arc::clone(&scene.town), scene.history.clone());
            let (stop, decided) = (Arc::clone(&crew.stop), Arc::clone(&crew.decided));
            let shift = work(town, history, wishes, stop, decided);
            crew.clients.spawn(shift);
        }
        crew
    }

    /// How many rows clients have heard of so far.
    pub fn decided(&self) -> u64 {
        self.decided.load(Relaxed)
    }

    /// Lets each client end what it has begun, as far as the bank lets it.
    pub async fn end(self) -> Vec<Shift> {
        self.stop.store(true, Relaxed);
        self.until_cut_off().await
    }

    /// Waits until the host is gone for every client.
    pub async fn until_cut_off(self) -> Vec<Shift> {
        self.clients.join_all().await
    }
}

async fn work(
    town: Arc<Town>,
    history: History,
    wishes: Wishes,
    stop: Arc<AtomicBool>,
    decided: Arc<AtomicU64>,
) -> Shift {
    let mut shift = Shift {
        wishes,
        answered: Vec::new(),
        unanswered: None,
        refusals: Vec::new(),
    };
    while !stop.load(Relaxed) {
        let (who, ask) = shift.wishes.next(&town);
        loop {
            let asked = Instant::now();
            let is_over = match history.ask(town.person(who), &ask).await {
                Heard::Final(reply) => {
                    shift.wishes.learn(who, &reply);
                    decided.fetch_add(reply.told.decided().len() as u64, Relaxed);
                    shift.answered.push(((who, ask), reply));
                    break;
                }
                Heard::NotYet(status, code) => {
                    shift.refusals.push((status, code, asked.elapsed()));
                    stop.load(Relaxed)
                }
                Heard::Silence => true,
            };
            if is_over {
                shift.unanswered = Some((who, ask));
                return shift;
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
    shift
}

/// The answers that tell of what is not among these rows; to repeat them could do it again.
pub fn lost(shifts: &[Shift], rows: &[Row]) -> Vec<String> {
    let found: HashMap<Uuid, Outcome> = rows.iter().map(|row| (row.id, row.outcome)).collect();
    let is_lost = |reply: &Reply| {
        let mut decided = reply.told.decided().into_iter();
        decided.any(|one| found.get(&one.id) != Some(&one.outcome))
    };
    let answered = shifts.iter().flat_map(|shift| &shift.answered);
    answered
        .filter(|(_, reply)| is_lost(reply))
        .map(|(request, reply)| format!("not in the journal: {request:?}: {reply:?}"))
        .collect()
}
