//! One bank that is killed again and again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rustix::process::{Signal, kill_process};
use strongroom_tests::Bank;
use strongroom_tests::history::crew::lost;
use strongroom_tests::history::journal::Row;
use strongroom_tests::history::{Crew, EUR, Kind, Mix, OwnedAsk, Scene, Wishes};
use strongroom_tests::scale::short_or_full;

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

pub struct Trial {
    scene: Scene,
    clients: Vec<Wishes>,
    tally: Tally,
}

/// What was done, and how long it took at most.
#[derive(Debug, Default)]
pub struct Tally {
    rounds: usize,
    rows: BTreeMap<String, u64>,
    /// Of what no client had an answer to when the host was killed.
    unanswered_recorded: usize,
    unanswered_unrecorded: usize,
    ready_max: Duration,
}

impl Trial {
    pub async fn open(random: &mut StdRng, tally: Tally) -> Self {
        let bank = Bank::start().await;
        let scene = Scene::open(bank, OWNERS, &[EUR; ACCOUNTS_PER_OWNER]).await;
        let mix = Mix {
            batches: 5,
            lines: 2..=8,
            cash: true,
            orders: false,
        };
        Self {
            scene,
            clients: Wishes::of_clients(CLIENTS, &mix, random),
            tally,
        }
    }

    pub async fn round(&mut self, round: usize, random: &mut StdRng) {
        let latest = short_or_full(KILL_AFTER_MS_MAX_SHORT, KILL_AFTER_MS_MAX);
        let kill_after = Duration::from_millis(random.random_range(KILL_AFTER_MS_MIN..=latest));
        let crew = Crew::begin(&self.scene, self.clients.drain(..));
        tokio::time::sleep(kill_after).await;
        kill_process(self.scene.bank.pid(), Signal::KILL).expect("the host can be killed");
        let shifts = crew.until_cut_off().await;
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
            *match was_there.expect("the host has died") {
                true => &mut self.tally.unanswered_recorded,
                false => &mut self.tally.unanswered_unrecorded,
            } += 1;
        }
        let some = self.scene.recorded.sample(random, REPEATED_PER_ROUND);
        let some: Vec<OwnedAsk> = some.cloned().collect();
        self.scene.ask_again(&some).await;

        self.scene.check().await;
        self.scene.verify();
        self.tally.rounds += 1;
        self.tally.ready_max = self.tally.ready_max.max(ready);
        let rows = self.scene.checker.books.rows_seen();
        let checked = started.elapsed();
        println!(
            "round {round}: killed after {kill_after:?}, {answered} answered, {rows} rows so far; \
             ready after {ready:?}, checked after {checked:?}; alone for a while: {alone}"
        );
    }

    pub fn end(self) -> Tally {
        let mut tally = self.tally;
        for ((kind, outcome), count) in self.scene.checker.books.counts() {
            let rows = tally.rows.entry(format!("{kind:?} {outcome:?}"));
            *rows.or_default() += count;
        }
        tally
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
