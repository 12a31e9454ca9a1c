//! SIGKILL in the middle of work, again and again, on the same data.
//!
//! Goal: no acknowledged transaction is lost, none is doubled, none is half done, wherever the
//! process dies. The bank does nothing later that no client asks for.
//!
//! Method: 64 clients do everything that a bank does with money, on 100 accounts, a few of which
//! are in nearly every transaction. At a random moment the host is killed, and started again on the
//! same data. Then the test checks:
//! - The journal has the row of every id for which a client has a response. Every other request has
//!   its rows, or none.
//! - In some rounds the test leaves the bank alone for a while. Then the journal grows by expiries
//!   alone.
//! - Each client retries the request that has no response. The response says that it is a
//!   repetition if the journal has it, and only then. The next retry returns the same; so do
//!   retries of earlier requests, also of earlier rounds.
//! - Every response agrees with the journal, and the journal with a model of the bank
//!   ([`strongroom_tests::history`]). So do the balances. `strongroom verify` finds nothing.
//!
//! Each bank lives for 25 rounds, as `verify` reads all of its history after each of them. A
//! failure names its seed, which `STRONGROOM_TEST_SEED` repeats (not the scheduler's choices).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rustix::process::Signal;
use strongroom_tests::Bank;
use strongroom_tests::history::crew::lost;
use strongroom_tests::history::journal::Row;
use strongroom_tests::history::{Crew, EUR, Kind, Mix, Scene, Wishes};
use strongroom_tests::scale::{seeded, short_or_full};

const ROUNDS_OF_ONE_BANK: usize = 25;
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
/// The same beside other tests, which start hosts too.
const READY_MAX_SHORT: Duration = Duration::from_secs(20);
/// In one of so many rounds, the bank is left alone before any client asks again.
const ALONE_IN: usize = 5;
/// For how long: each service's tick comes about every second.
const ALONE: Duration = Duration::from_millis(2_500);
/// How many answers from before this kill and earlier ones are asked for again in each round.
const REPEATED_PER_ROUND: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_doubled() {
    let mut random = seeded();
    let rounds = short_or_full(12, 500);
    let mut tally = Tally::default();
    for first in (0..rounds).step_by(ROUNDS_OF_ONE_BANK) {
        let mut trial = Trial::open(&mut random).await;
        for round in first..rounds.min(first + ROUNDS_OF_ONE_BANK) {
            trial.round(round, &mut random, &mut tally).await;
        }
        for ((kind, outcome), count) in trial.scene.checker.books.counts() {
            let rows = tally.rows.entry(format!("{kind:?} {outcome:?}"));
            *rows.or_default() += count;
        }
    }
    println!("{rounds} rounds: {tally:#?}");
    // A test that found nothing must have looked everywhere.
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
        assert!(tally.rows.contains_key(what), "no {what}");
    }
    let are_on_both_sides = tally.unanswered.iter().all(|count| *count > 0);
    assert!(are_on_both_sides, "no kill came on both sides of a commit");
}

/// One bank that is killed again and again.
struct Trial {
    scene: Scene,
    clients: Vec<Wishes>,
}

/// What was done, and how long it took at most.
#[derive(Debug, Default)]
struct Tally {
    rows: BTreeMap<String, u64>,
    /// Of what had no answer at the kill: what was not recorded, and what was.
    unanswered: [usize; 2],
    ready_max: Duration,
}

impl Trial {
    async fn open(random: &mut StdRng) -> Self {
        let bank = Bank::start().await;
        let mix = Mix {
            batches: 5,
            lines: 2..=8,
            cash: true,
            orders: false,
        };
        Self {
            scene: Scene::open(bank, OWNERS, &[EUR; ACCOUNTS_PER_OWNER]).await,
            clients: Wishes::of_clients(CLIENTS, &mix, random),
        }
    }

    async fn round(&mut self, round: usize, random: &mut StdRng, tally: &mut Tally) {
        let latest = short_or_full(KILL_AFTER_MS_MAX_SHORT, KILL_AFTER_MS_MAX);
        let kill_after = Duration::from_millis(random.random_range(KILL_AFTER_MS_MIN..=latest));
        let crew = Crew::begin(&self.scene, self.clients.drain(..));
        tokio::time::sleep(kill_after).await;
        self.scene.bank.signal(Signal::KILL);
        let shifts = crew.until_cut_off().await;
        let mut refusals = shifts.iter().flat_map(|shift| &shift.refusals);
        assert!(
            refusals.all(|(status, ..)| *status != 507),
            "the disk is not full"
        );
        let started = Instant::now();
        let ready = self.scene.restart().await;
        let ready_max = short_or_full(READY_MAX_SHORT, READY_MAX);
        assert!(ready <= ready_max, "round {round}: ready after {ready:?}");

        let rows = self.scene.new_rows().await;
        assert_eq!(lost(&shifts, &rows), Vec::<String>::new());
        let answered: usize = shifts.iter().map(|shift| shift.answered.len()).sum();
        let alone = round % ALONE_IN == ALONE_IN - 1;
        if alone {
            tokio::time::sleep(ALONE).await;
            self.assert_nothing_was_done(&rows).await;
        }
        self.scene.remember(&shifts);
        for (wishes, was_there) in self.scene.repeat(shifts, &rows).await {
            self.clients.push(wishes);
            let was_there = was_there.expect("the host has died");
            tally.unanswered[usize::from(was_there)] += 1;
        }
        let some = self.scene.recorded.sample(random, REPEATED_PER_ROUND);
        self.scene.ask_again(&Vec::from_iter(some.cloned())).await;

        self.scene.check().await;
        self.scene.verify();
        tally.ready_max = tally.ready_max.max(ready);
        let rows = self.scene.checker.books.rows_seen();
        let checked = started.elapsed();
        println!(
            "round {round}: killed after {kill_after:?}, {answered} answered, {rows} rows so far; \
             ready after {ready:?}, checked after {checked:?}; alone for a while: {alone}"
        );
    }

    /// The journal is as it was, but for holds whose time is up.
    async fn assert_nothing_was_done(&self, before: &[Row]) {
        let now = self.scene.new_rows().await;
        let (then, since) = now.split_at(before.len());
        assert_eq!(then, before);
        let expired = since.iter().filter(|row| row.kind == Kind::Expiry).count();
        assert_eq!(expired, since.len(), "no client asked for: {since:?}");
    }
}
