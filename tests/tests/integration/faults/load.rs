//! Clients who keep a bank busy while it fails, and who afterwards ask until everything that they
//! began is answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use strongroom_tests::Person;
use tokio::task::JoinSet;

use crate::faults::books::ExpectedBooks;
use crate::faults::request::{Asker, AttemptResult, FinalAnswer, KeyedRequest};
use crate::faults::scene::BrokenBank;

/// The largest usual amount, in cents: small enough that an account lasts for a test.
const CENTS_MAX: i64 = 500;
/// More than any account ever has: to be declined.
const CENTS_TOO_MANY: i64 = 900_000_000;
/// How many standing orders a client makes: the bank takes a thousand of a user.
const ORDERS_MAX: usize = 50;
/// A hold outlives its test.
const HOLD_SECONDS: u32 = 3_600;
/// How long a client waits before it repeats what was refused for the moment.
const PAUSE: Duration = Duration::from_millis(20);
/// How long clients ask for an answer once nothing is wrong any more.
const ANSWERED_MAX: Duration = Duration::from_secs(30);

/// What clients have had from a bank that failed.
#[derive(Debug, Default)]
pub struct Shifts {
    pub outcomes: Vec<FinalAnswer>,
    /// What was begun and not answered for good.
    pub unanswered: Vec<KeyedRequest>,
    /// How often there was which refusal, by status and code.
    pub refusals: BTreeMap<(u16, String), usize>,
    /// The longest that anybody waited for one of them.
    pub slowest_refusal: Duration,
}

impl Shifts {
    /// Forgets what the transaction service alone keeps: standing orders.
    pub fn forget_orders(&mut self) {
        self.outcomes.retain(|outcome| !outcome.request.is_order());
        self.unanswered.retain(|request| !request.is_order());
    }

    /// Adds what others have had.
    pub fn add(&mut self, other: Self) {
        self.outcomes.extend(other.outcomes);
        self.unanswered.extend(other.unanswered);
        for (refusal, count) in other.refusals {
            *self.refusals.entry(refusal).or_default() += count;
        }
        self.slowest_refusal = self.slowest_refusal.max(other.slowest_refusal);
    }

    /// Asserts that every refusal says that it is for the moment: the service or its disk is not
    /// there. None is a failure without a name.
    pub fn assert_refusals_have_names(&self) {
        for (status, code) in self.refusals.keys() {
            let has_name = matches!(
                (status, code.as_str()),
                (503, "service_unavailable" | "storage_unavailable") | (507, "storage_full")
            );
            assert!(has_name, "{:?}", self.refusals);
        }
    }
}

/// Clients at work.
pub struct FaultLoad {
    clients: JoinSet<Shifts>,
    stop: Arc<AtomicBool>,
}

impl FaultLoad {
    /// Sets the first `clients` customers to work, each with its own account, until they are
    /// stopped or cut off.
    pub fn begin(scene: &BrokenBank, clients: usize, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for place in 0..clients {
            let client = LoadClient {
                place,
                accounts: scene.accounts().to_vec(),
                customer: scene.person(Asker::Customer(place)),
                staff: scene.staff().clone(),
                random: StdRng::seed_from_u64(seed.wrapping_add(place as u64)),
                holds: Vec::new(),
                transfers: Vec::new(),
                orders: 0,
            };
            tasks.spawn(client.work(Arc::clone(&stop)));
        }
        Self {
            clients: tasks,
            stop,
        }
    }

    /// Lets each client end what it has begun, as far as the bank lets it; returns what all have
    /// had.
    pub async fn end(self) -> Shifts {
        self.stop.store(true, Relaxed);
        self.until_cut_off().await
    }

    /// Waits until every client was cut off.
    pub async fn until_cut_off(self) -> Shifts {
        let mut all = Shifts::default();
        for shift in self.clients.join_all().await {
            all.add(shift);
        }
        all
    }

    /// Lets the clients go on until a fault has happened and `longer` after it, so that somebody
    /// meets what it leaves.
    ///
    /// # Panics
    ///
    /// If it does not happen.
    pub async fn until_fired(self, scene: &BrokenBank, longer: Duration) -> Shifts {
        scene.bank.wait_until_fired().await;
        tokio::time::sleep(longer).await;
        self.end().await
    }
}

/// One customer, who does one thing after the other.
struct LoadClient {
    place: usize,
    accounts: Vec<String>,
    customer: Person,
    staff: Person,
    random: StdRng,
    /// Open holds.
    holds: Vec<FinalAnswer>,
    /// Transfers that may be reversed.
    transfers: Vec<FinalAnswer>,
    /// How many standing orders it has asked for.
    orders: usize,
}

impl LoadClient {
    async fn work(mut self, stop: Arc<AtomicBool>) -> Shifts {
        let mut shift = Shifts::default();
        while !stop.load(Relaxed) {
            let request = self.next();
            match self.ask_until_answered(&request, &stop, &mut shift).await {
                Some(outcome) => {
                    self.remember(&outcome);
                    shift.outcomes.push(outcome);
                }
                None => {
                    shift.unanswered.push(request);
                    break;
                }
            }
        }
        shift
    }

    /// None if the client was cut off, or stopped before there was an answer.
    async fn ask_until_answered(
        &self,
        request: &KeyedRequest,
        stop: &AtomicBool,
        shift: &mut Shifts,
    ) -> Option<FinalAnswer> {
        let person = match request.asker {
            Asker::Customer(_) => &self.customer,
            Asker::Staff => &self.staff,
        };
        loop {
            let asked = Instant::now();
            let reply = request.ask(person).await;
            let (status, code) = match reply {
                AttemptResult::CutOff => return None,
                AttemptResult::Final(outcome) => return Some(outcome),
                AttemptResult::NotNow { status, code } => (status, code),
            };
            shift.slowest_refusal = shift.slowest_refusal.max(asked.elapsed());
            *shift.refusals.entry((status, code)).or_default() += 1;
            if stop.load(Relaxed) {
                return None;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn next(&mut self) -> KeyedRequest {
        let (from, to) = (self.place, self.other());
        let cents = self.random.random_range(1..=CENTS_MAX);
        let accounts = &self.accounts;
        let what = self.random.random_range(0..100);
        // The first request is one, so that the transaction service's store is soon written to,
        // too.
        if self.orders == 0 || (68..80).contains(&what) && self.orders < ORDERS_MAX {
            self.orders += 1;
            return KeyedRequest::order(accounts, from, to, cents);
        }
        match what {
            0..5 => KeyedRequest::transfer(accounts, from, to, CENTS_TOO_MANY),
            5..15 => {
                let parts = [cents, cents + 1, cents + 2];
                KeyedRequest::batch(accounts, from, to, &parts)
            }
            15..40 => KeyedRequest::hold(accounts, from, to, cents, HOLD_SECONDS),
            40..55 if !self.holds.is_empty() => {
                let hold = self.holds.remove(0);
                let held = hold.request.lines[0].held_cents;
                KeyedRequest::capture(&hold, self.random.random_range(1..=held))
            }
            55..62 if !self.holds.is_empty() => KeyedRequest::void(&self.holds.remove(0)),
            62..68 if !self.transfers.is_empty() => {
                KeyedRequest::reverse(&self.transfers.remove(0))
            }
            _ => KeyedRequest::transfer(accounts, from, to, cents),
        }
    }

    /// Somebody else's place.
    fn other(&mut self) -> usize {
        let step = self.random.random_range(1..self.accounts.len());
        (self.place + step) % self.accounts.len()
    }

    fn remember(&mut self, outcome: &FinalAnswer) {
        match outcome.request.lines.as_slice() {
            [line] if outcome.is_accepted() => match line.kind {
                "hold" => self.holds.push(outcome.clone()),
                "transfer" => self.transfers.push(outcome.clone()),
                _ => {}
            },
            _ => {}
        }
    }
}

/// Writes down what clients have had, repeats what they have not, all at the same time, and answers
/// in what the bank differs from the books.
///
/// # Panics
///
/// If something is not answered in time.
pub async fn account_for(
    scene: &BrokenBank,
    books: &mut ExpectedBooks,
    shifts: Shifts,
) -> Vec<String> {
    for outcome in shifts.outcomes {
        books.note(outcome);
    }
    let missing = books.missing_in_journal(scene).await;
    if !missing.is_empty() {
        // A repetition would only do again what was lost.
        return missing;
    }
    repeat_until_answered(scene, books, shifts.unanswered).await;
    books.violations(scene).await
}

/// Repeats what was not answered, all at the same time, and writes the answers down.
///
/// # Panics
///
/// If one is not answered in time.
pub async fn repeat_until_answered(
    scene: &BrokenBank,
    books: &mut ExpectedBooks,
    unanswered: Vec<KeyedRequest>,
) {
    let mut clients = JoinSet::new();
    for request in unanswered {
        let person = scene.person(request.asker);
        clients.spawn(async move {
            let started = Instant::now();
            loop {
                match request.ask(&person).await {
                    AttemptResult::Final(outcome) => return outcome,
                    other => assert!(started.elapsed() < ANSWERED_MAX, "{request:?}: {other:?}"),
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
    }
    for outcome in clients.join_all().await {
        books.note(outcome);
    }
}
