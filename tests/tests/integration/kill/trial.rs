//! One bank that is killed again and again.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rustix::process::{Signal, kill_process};
use strongroom_tests::Bank;
use strongroom_tests::command::verify;
use strongroom_tests::history::call::id;
use strongroom_tests::history::journal::{Row, events_of_bank, rows_of_bank};
use strongroom_tests::history::traffic::{Mix, Town, Wishes};
use strongroom_tests::history::words::minor;
use strongroom_tests::history::{Checker, EUR, Heard, History, Kind, Outcome, Reply};
use strongroom_tests::scale::short_or_full;
use strongroom_tests::text;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::kill::client::{OwnedAsk, Shift, work};

const CLIENTS: usize = 64;
const OWNERS: usize = 20;
const ACCOUNTS_PER_OWNER: usize = 5;
/// When the kill comes after the clients begin, at the earliest and latest, in milliseconds.
const KILL_AFTER_MS_MIN: u64 = 20;
const KILL_AFTER_MS_MAX: u64 = 2_000;
/// The latest where there are few rounds.
const KILL_AFTER_MS_MAX_SHORT: u64 = 1_000;
/// How long a host may need until it is ready on the data of one that was killed.
const READY_MAX: Duration = Duration::from_secs(2);
/// The same beside other tests, which start hosts too; some logins may be among it.
const READY_MAX_SHORT: Duration = Duration::from_secs(20);
/// In one of so many rounds, the bank is left alone before any client asks again.
const ALONE_IN: usize = 5;
/// For how long: each service's tick comes about every second.
const ALONE: Duration = Duration::from_millis(2_500);
/// How long one login is good for, with some to spare: an access token lives for five minutes.
const LOGIN_MAX: Duration = Duration::from_secs(180);
/// How many answers from before this kill and earlier ones are asked for again in each round.
const REPEATED_PER_ROUND: usize = 64;

pub struct Trial {
    bank: Bank,
    town: Arc<Town>,
    history: History,
    checker: Checker,
    clients: Vec<Wishes>,
    /// What was answered in all rounds, and is recorded.
    recorded: Vec<OwnedAsk>,
    logged_in: Instant,
    tally: Tally,
}

/// What was done, and how long it took at most.
#[derive(Default)]
pub struct Tally {
    rounds: usize,
    rows: BTreeMap<String, u64>,
    /// Of what no client had an answer to when the host was killed.
    unanswered_recorded: usize,
    unanswered_unrecorded: usize,
    ready_max: Duration,
}

/// The rows of a round by their ids, as they are before any client asks again.
type Found = HashMap<Uuid, Outcome>;

impl Trial {
    pub async fn open(random: &mut StdRng, tally: Tally) -> Self {
        let bank = Bank::start().await;
        let history = History::default();
        let town = Town::open(&bank, &history, OWNERS, &[EUR; ACCOUNTS_PER_OWNER]).await;
        let mix = Mix {
            batches: 5,
            lines: 2..=8,
            cash: true,
        };
        let clients = (0..CLIENTS)
            .map(|client| Wishes::new(mix.clone(), &format!("client-{client}"), random))
            .collect();
        Self {
            bank,
            town: Arc::new(town),
            history,
            checker: Checker::default(),
            clients,
            recorded: Vec::new(),
            logged_in: Instant::now(),
            tally,
        }
    }

    pub async fn round(&mut self, round: usize, random: &mut StdRng) {
        let latest = short_or_full(KILL_AFTER_MS_MAX_SHORT, KILL_AFTER_MS_MAX);
        let kill_after = Duration::from_millis(random.random_range(KILL_AFTER_MS_MIN..=latest));
        let shifts = self.work_until_killed(kill_after).await;
        let started = Instant::now();
        self.start_again().await;
        let ready = started.elapsed();
        let ready_max = short_or_full(READY_MAX_SHORT, READY_MAX);
        assert!(ready <= ready_max, "round {round}: ready after {ready:?}");

        let rows = self.new_rows().await;
        let found = rows.iter().map(|row| (row.id, row.outcome)).collect();
        let answered = assert_answered_are_there(&shifts, &found);
        let alone = round % ALONE_IN == ALONE_IN - 1;
        if alone {
            tokio::time::sleep(ALONE).await;
            self.assert_nothing_was_done(rows).await;
        }
        self.repeat(shifts, found).await;
        self.repeat_some_of_before(random).await;

        self.check().await;
        self.assert_balances().await;
        verify(self.bank.folder()).assert_success();
        self.tally.rounds += 1;
        self.tally.ready_max = self.tally.ready_max.max(ready);
        let (rows, checked) = (self.checker.books().rows_seen(), started.elapsed());
        println!(
            "round {round}: killed after {kill_after:?}, {answered} answered, {rows} rows so far; \
             ready after {ready:?}, checked after {checked:?}; alone for a while: {alone}"
        );
    }

    pub fn end(self) -> Tally {
        let mut tally = self.tally;
        for ((kind, outcome), count) in self.checker.books().counts() {
            let rows = tally.rows.entry(format!("{kind:?} {outcome:?}"));
            *rows.or_default() += count;
        }
        tally
    }

    async fn work_until_killed(&mut self, kill_after: Duration) -> Vec<Shift> {
        let mut clients = JoinSet::new();
        for wishes in self.clients.drain(..) {
            clients.spawn(work(Arc::clone(&self.town), self.history.clone(), wishes));
        }
        tokio::time::sleep(kill_after).await;
        kill_process(self.bank.pid(), Signal::KILL).expect("the host can be killed");
        let shifts = clients.join_all().await;
        self.bank.host.kill();
        shifts
    }

    async fn start_again(&mut self) {
        self.bank.host.serve().await;
        let mut town = self.town.at(&self.bank);
        if self.logged_in.elapsed() > LOGIN_MAX {
            town.log_in_again().await;
            self.logged_in = Instant::now();
        }
        self.town = Arc::new(town);
    }

    async fn new_rows(&self) -> Vec<Row> {
        rows_of_bank(&self.town.admin, self.checker.books().rows_seen()).await
    }

    /// The journal is as it was, but for holds whose time is up.
    async fn assert_nothing_was_done(&self, before: Vec<Row>) {
        let mut now = self.new_rows().await;
        let since = now.split_off(before.len());
        assert_eq!(now, before);
        let expired = since.iter().filter(|row| row.kind == Kind::Expiry).count();
        assert_eq!(expired, since.len(), "no client asked for: {since:?}");
    }

    /// All clients repeat what was not answered, and then ask a second time.
    async fn repeat(&mut self, shifts: Vec<Shift>, found: Found) {
        let found = Arc::new(found);
        let mut repeating = JoinSet::new();
        for shift in shifts {
            let Shift {
                mut wishes,
                answered,
                unanswered: (who, ask),
            } = shift;
            let recorded = answered
                .into_iter()
                .filter(|(_, reply)| reply.is_recorded());
            self.recorded.extend(recorded.map(|(request, _)| request));
            let (town, history) = (Arc::clone(&self.town), self.history.clone());
            let found = Arc::clone(&found);
            repeating.spawn(async move {
                let person = town.person(who);
                let (reply, is_first_try) = match history.ask(person, &ask).await {
                    Heard::Final(reply) => (reply, true),
                    _ => (history.ask_until_answered(person, &ask).await, false),
                };
                wishes.learn(who, &reply);
                let was_there = is_there(&reply, &found);
                // A try that had no answer may have been recorded.
                let is_right = reply.replayed == was_there || !is_first_try && reply.replayed;
                assert!(is_right, "{was_there}: {ask:?}: {reply:?}");
                if reply.is_recorded() {
                    let again = history.ask_until_answered(person, &ask).await;
                    let is_same = again.replayed && again.is_same(&reply);
                    assert!(is_same, "{ask:?}: {again:?}");
                }
                (wishes, was_there)
            });
        }
        for (wishes, was_there) in repeating.join_all().await {
            self.clients.push(wishes);
            *match was_there {
                true => &mut self.tally.unanswered_recorded,
                false => &mut self.tally.unanswered_unrecorded,
            } += 1;
        }
    }

    /// Asks again for some of what was answered. [`Self::check`] compares the answers.
    async fn repeat_some_of_before(&self, random: &mut StdRng) {
        let mut repeating = JoinSet::new();
        for (who, ask) in self.recorded.sample(random, REPEATED_PER_ROUND).cloned() {
            let (town, history) = (Arc::clone(&self.town), self.history.clone());
            repeating.spawn(async move {
                let reply = history.ask_until_answered(town.person(who), &ask).await;
                assert!(reply.replayed, "{ask:?} was answered before: {reply:?}");
            });
        }
        repeating.join_all().await;
    }

    /// Every answer against the journal, and the journal against the model.
    async fn check(&mut self) {
        let rows = self.new_rows().await;
        let events = events_of_bank(&self.town.admin, self.checker.books().events_seen()).await;
        self.checker.check(&self.history.take(), events, rows);
        self.checker.assert_sound();
    }

    /// What the bank says that everybody has is what the model says, and never less than nothing.
    async fn assert_balances(&self) {
        for owner in self.town.owners() {
            for account in owner.all("/api/accounts?limit=500").await {
                let balance = minor(text(&account["balance"]));
                let expected = self.checker.model().account(id(&account["id"]));
                let expected = expected.map(|account| account.balance());
                assert_eq!(Some(balance), expected, "{account}");
                assert!(balance >= 0, "{account} is overdrawn");
            }
        }
    }
}

/// What a client was answered for is in the journal, before anything is repeated. Returns how many
/// answers there were.
fn assert_answered_are_there(shifts: &[Shift], found: &Found) -> usize {
    let answered = || shifts.iter().flat_map(|shift| &shift.answered);
    for (request, reply) in answered() {
        for decided in reply.told.decided() {
            let row = found.get(&decided.id);
            assert_eq!(row, Some(&decided.outcome), "{request:?}: {reply:?}");
        }
    }
    answered().count()
}

/// Whether the journal had the rows that an answer tells of: all of them, or none.
fn is_there(reply: &Reply, found: &Found) -> bool {
    let decided = reply.told.decided();
    let there = decided
        .iter()
        .filter(|one| found.contains_key(&one.id))
        .count();
    assert!([0, decided.len()].contains(&there), "half done: {reply:?}");
    there > 0
}

impl Tally {
    /// A test that found nothing must have looked everywhere.
    pub fn assert_work_was_done(&self) {
        for what in [
            "Deposit Posted",
            "Withdrawal Posted",
            "Transfer Posted",
            "Transfer Declined(InsufficientFunds)",
            "Transfer Declined(BatchDeclined)",
            "Hold Pending",
            "Capture Posted",
            "Void Voided",
            "Expiry Expired",
            "Reversal Posted",
        ] {
            assert!(self.rows.contains_key(what), "no {what}");
        }
        let on_both_sides = self.unanswered_recorded > 0 && self.unanswered_unrecorded > 0;
        assert!(on_both_sides, "no kill came on both sides of a commit");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.rows {
            writeln!(formatter, "{count:>9} {what}")?;
        }
        let Self {
            rounds, ready_max, ..
        } = self;
        let (recorded, unrecorded) = (self.unanswered_recorded, self.unanswered_unrecorded);
        write!(
            formatter,
            "{rounds} rounds; {recorded} of the requests without an answer were recorded, \
             {unrecorded} were not; ready after at most {ready_max:?}"
        )
    }
}
