//! One bank that is killed again and again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rustix::process::{Signal, kill_process};
use strongroom_tests::bank::text;
use strongroom_tests::command::run;
use strongroom_tests::history::call::id;
use strongroom_tests::history::journal::{events_of_bank, open_store, rows_of_bank};
use strongroom_tests::history::traffic::{Mix, Town, Wishes};
use strongroom_tests::history::words::minor;
use strongroom_tests::history::{Checker, EUR, History, Reply};
use strongroom_tests::marks::short_or_full;
use strongroom_tests::{Bank, wait_for};
use tokio::task::JoinSet;

use crate::client::{Request, Shift, work};

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
/// How long after its start there may be requests that it has accepted and not decided.
const RESOLVED_MAX: Duration = Duration::from_secs(5);
/// In one of so many rounds, the bank finishes by itself what was cut off before any client asks again.
const ALONE_IN: u32 = 5;
/// How long one login is good for, with some to spare: an access token lives for five minutes.
const LOGIN_MAX: Duration = Duration::from_secs(180);
/// How many answers from before the kill are asked for again in each round.
const REPEATED_PER_ROUND: usize = 16;

pub struct Trial {
    bank: Bank,
    town: Arc<Town>,
    history: History,
    checker: Checker,
    clients: Vec<Wishes>,
    /// The newest of the bank's stored answers that was looked at.
    intents_seen: i64,
    logged_in: Instant,
    tally: Tally,
}

/// What was done, and how long it took at most.
#[derive(Default)]
pub struct Tally {
    rounds: usize,
    rows: BTreeMap<String, u64>,
    ready_max: Duration,
    resolved_max: Duration,
}

impl Trial {
    pub async fn open(random: &mut StdRng) -> Self {
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
            intents_seen: 0,
            logged_in: Instant::now(),
            tally: Tally::default(),
        }
    }

    pub async fn round(&mut self, round: usize, random: &mut StdRng) {
        let latest = short_or_full(KILL_AFTER_MS_MAX_SHORT, KILL_AFTER_MS_MAX);
        let kill_after = Duration::from_millis(random.random_range(KILL_AFTER_MS_MIN..=latest));
        let shifts = self.work_until_killed(kill_after).await;
        let started = Instant::now();
        self.start_again().await;
        let ready = started.elapsed();
        assert!(ready <= READY_MAX, "round {round}: ready after {ready:?}");

        let alone = random.random_ratio(1, ALONE_IN);
        if alone {
            self.wait_until_resolved(started).await;
        }
        let answered: usize = shifts.iter().map(|shift| shift.answered.len()).sum();
        self.repeat(shifts, random).await;
        if !alone {
            self.wait_until_resolved(started).await;
        }
        let resolved = started.elapsed();

        self.check().await;
        self.check_stored_answers();
        self.checker.assert_sound();
        self.assert_balances().await;
        let verified = run(
            self.bank.folder(),
            &["verify", "--data", &self.bank.data().display().to_string()],
        );
        assert_eq!(verified.code, Some(0), "round {round}: {verified:?}");
        self.tally.rounds += 1;
        self.tally.ready_max = self.tally.ready_max.max(ready);
        self.tally.resolved_max = self.tally.resolved_max.max(resolved);
        println!(
            "round {round}: killed after {} ms, {answered} answered, {} rows so far; ready after {} ms, all resolved after {} ms{}, \
             checked after {} ms",
            kill_after.as_millis(),
            self.checker.books().rows_seen(),
            ready.as_millis(),
            resolved.as_millis(),
            if alone { " without a client" } else { "" },
            started.elapsed().as_millis()
        );
    }

    pub fn end(self) -> Tally {
        let counts = self.checker.books().counts();
        let rows = counts
            .into_iter()
            .map(|((kind, outcome), count)| (format!("{kind:?} {outcome:?}"), count));
        Tally {
            rows: rows.collect(),
            ..self.tally
        }
    }

    /// Lets all clients work, and kills the host in the middle.
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
        self.bank.host.launch();
        self.bank.wait_until_ready().await;
        let mut town = self.town.at(&self.bank);
        if self.logged_in.elapsed() > LOGIN_MAX {
            town.log_in_again().await;
            self.logged_in = Instant::now();
        }
        self.town = Arc::new(town);
    }

    /// Waits until the bank has no request left that it has accepted and not decided.
    async fn wait_until_resolved(&self, started: Instant) {
        let store = open_store(&self.bank.data(), "transactions");
        let open = || -> i64 {
            let sql = "SELECT count(*) FROM intent WHERE state = 'accepted'";
            store.query_row(sql, [], |row| row.get(0)).expect("a count")
        };
        wait_for("requests to be decided", 60, async || {
            (open() == 0).then_some(())
        })
        .await;
        let resolved = started.elapsed();
        assert!(
            resolved <= RESOLVED_MAX,
            "all is decided after {resolved:?}"
        );
    }

    /// All clients repeat what was not answered until it is, and a few what was answered, at the same time.
    async fn repeat(&mut self, shifts: Vec<Shift>, random: &mut StdRng) {
        let mut answered: Vec<Request> = Vec::new();
        let mut repeating = JoinSet::new();
        for shift in shifts {
            let Shift {
                mut wishes,
                answered: done,
                unanswered: (who, ask),
            } = shift;
            answered.extend(done);
            let (town, history) = (Arc::clone(&self.town), self.history.clone());
            repeating.spawn(async move {
                let reply = history.ask_until_answered(town.person(who), &ask).await;
                wishes.learn(who, &reply);
                wishes
            });
        }
        for (who, ask) in answered.sample(random, REPEATED_PER_ROUND) {
            let person = self.town.person(*who);
            let reply = self.history.ask_until_answered(person, ask).await;
            assert!(reply.replayed, "{ask:?} was answered before: {reply:?}");
        }
        self.clients = repeating.join_all().await;
    }

    /// Every answer against the journal, and the journal against the model.
    async fn check(&mut self) {
        let admin = &self.town.admin;
        let rows = rows_of_bank(admin, self.checker.books().rows_seen()).await;
        let events = events_of_bank(admin, self.checker.books().events_seen()).await;
        self.checker.check(&self.history.take(), events, rows);
    }

    /// What the bank would answer to whoever asks again tells of the journal too.
    fn check_stored_answers(&mut self) {
        let store = open_store(&self.bank.data(), "transactions");
        let sql = "SELECT sequence, status, body FROM intent WHERE sequence > ?1 AND state = 'final' ORDER BY sequence";
        let mut statement = store.prepare(sql).expect("the table of requests");
        let mut rows = statement.query([self.intents_seen]).expect("its rows");
        while let Some(row) = rows.next().expect("a row") {
            self.intents_seen = row.get(0).expect("a sequence");
            let (status, body): (u16, String) =
                (row.get(1).expect("a status"), row.get(2).expect("a body"));
            let stored = Reply::of_body(status, body.as_bytes(), true);
            self.checker
                .bear_out(&stored.told, &format_args!("request {}", self.intents_seen));
        }
    }

    /// What the bank says that everybody has is what the model says, and never less than nothing.
    async fn assert_balances(&self) {
        for owner in self.town.owners() {
            for account in owner.all("/api/accounts?limit=500").await {
                let told = minor(text(&account["balance"]));
                let expected = self.checker.model().account(id(&account["id"]));
                assert_eq!(
                    Some(told),
                    expected.map(|account| account.balance()),
                    "{account}"
                );
                assert!(told >= 0, "{account} is overdrawn");
            }
        }
    }
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.rounds += other.rounds;
        for (what, count) in &other.rows {
            *self.rows.entry(what.clone()).or_default() += count;
        }
        self.ready_max = self.ready_max.max(other.ready_max);
        self.resolved_max = self.resolved_max.max(other.resolved_max);
    }

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
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.rows {
            writeln!(formatter, "{count:>9} {what}")?;
        }
        write!(
            formatter,
            "{} rounds; ready after at most {} ms, all resolved after at most {} ms",
            self.rounds,
            self.ready_max.as_millis(),
            self.resolved_max.as_millis()
        )
    }
}
