//! Goal: the bank decides as if it did one thing after the other, in the order that it says, and
//! that order is the clients'.
//!
//! Method: clients want everything at once, of accounts in three currencies, in batches and one by
//! one, while staff freeze accounts, set limits, and owners close accounts. Then every row of the
//! journal is decided again by a model that does one thing after the other; and what was answered
//! before another call began must come before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use strongroom_tests::history::traffic::{Mix, OPENING, Town, Who, Wishes, open_account};
use strongroom_tests::history::{Ask, Checker, Currency, EUR, History, JPY, KWD, Line, Wish};
use strongroom_tests::scale::{seeded, short_or_full};
use strongroom_tests::{Bank, json};
use tokio::task::JoinSet;

use crate::storms::books;

const CLIENTS: usize = 16;
const OWNERS: usize = 10;
/// Most accounts are of one currency, so that most payments may be made.
const CURRENCIES: [Currency; 10] = [EUR, EUR, EUR, EUR, EUR, EUR, EUR, EUR, JPY, KWD];
/// After so many operations everybody logs in again, and the history so far is checked.
const OPERATIONS_OF_ONE_LEG: u64 = 50_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_day_is_the_same_when_it_is_decided_anew() {
    let mut random = seeded();
    let operations = short_or_full(20_000, 1_000_000);
    let bank = Bank::start().await;
    let history = History::default();
    let mut town = Town::open(&bank, &history, OWNERS, &CURRENCIES).await;
    let mix = Mix {
        batches: 3,
        lines: short_or_full(2..=300, 2..=1_000),
        cash: true,
    };
    let mut clients: Vec<Wishes> = (0..CLIENTS)
        .map(|client| Wishes::new(mix.clone(), &format!("client-{client}"), &mut random))
        .collect();
    let mut checker = Checker::default();
    while checker.books().rows_seen() < operations {
        let leg = OPERATIONS_OF_ONE_LEG.min(operations - checker.books().rows_seen());
        let staff = Staff::of(&town, &history, random.random());
        clients = live(&town, &history, clients, staff, leg).await;
        books::check(&mut checker, &history, &town.admin).await;
        town.log_in_again().await;
    }
    let mut counts: Vec<_> = checker.books().counts().into_iter().collect();
    counts.sort_unstable_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!(
        "{} rows, in the order of their clients: {counts:?}",
        checker.books().rows_seen()
    );
    books::verify(&bank);
}

/// Everybody works until so many rows more are in the journal.
async fn live(
    town: &Town,
    history: &History,
    clients: Vec<Wishes>,
    staff: Staff,
    rows: u64,
) -> Vec<Wishes> {
    let done = Arc::new(AtomicU64::new(0));
    let mut working = JoinSet::new();
    for mut wishes in clients {
        let (town, history, done) = (town.clone(), history.clone(), Arc::clone(&done));
        working.spawn(async move {
            while done.load(Relaxed) < rows {
                let (who, ask) = wishes.next(&town);
                let reply = history.ask_until_answered(town.person(who), &ask).await;
                wishes.learn(who, &reply);
                let decided = u64::try_from(reply.told.decided().len()).expect("a number of lines");
                done.fetch_add(decided, Relaxed);
            }
            wishes
        });
    }
    let staff = tokio::spawn(staff.act_until(Arc::clone(&done), rows));
    let clients = working.join_all().await;
    staff.await.expect("staff do not fail");
    clients
}

/// Those who change what may be done with an account.
struct Staff {
    town: Town,
    history: History,
    random: StdRng,
}

impl Staff {
    fn of(town: &Town, history: &History, seed: u64) -> Self {
        Self {
            town: town.clone(),
            history: history.clone(),
            random: StdRng::seed_from_u64(seed),
        }
    }

    async fn act_until(mut self, done: Arc<AtomicU64>, rows: u64) {
        while done.load(Relaxed) < rows {
            match self.random.random_range(0..5_u32) {
                0 | 1 => self.freeze_for_a_moment().await,
                2 | 3 => self.set_limit().await,
                _ => self.open_and_close().await,
            }
        }
    }

    async fn freeze_for_a_moment(&mut self) {
        let path = self.account_path();
        let stops = *["debits", "credits", "both"]
            .choose(&mut self.random)
            .expect("there are some");
        let admin = &self.town.admin;
        let freeze = admin.post(&format!("{path}/freeze"));
        freeze.json(&json!({"stops": stops})).await.expect(200);
        // As long as a few requests take.
        for _look in 0..self.random.random_range(0..10_u32) {
            admin.read(&path).await;
        }
        admin.post(&format!("{path}/unfreeze")).await.expect(200);
    }

    /// Up to one payment. A limit that is used already is not taken back.
    async fn set_limit(&mut self) {
        let path = self.account_path();
        let limit = self.random.random_range(0..=40_u32).to_string();
        let change = self.town.admin.patch(&path);
        let answer = change.json(&json!({"overdraft_limit": limit})).await;
        if answer.status != 200 {
            answer.refused(409, "overdraft_in_use");
        }
    }

    /// A payment to an account that is closed while it is under way is made before that, or
    /// declined.
    async fn open_and_close(&mut self) {
        let who = Who::Owner(self.random.random_range(0..OWNERS));
        let owner = self.town.person(who).clone();
        let account = open_account(&owner, &self.town.admin, &self.history, EUR).await;
        let to = self.any_account();
        let pay = |amount| {
            let key = format!("{account}-{to}-{amount}");
            Ask::new(&key, Wish::Transfer(Line::eur(account, to, amount)))
        };
        for amount in [OPENING, 1] {
            let ask = pay(amount);
            self.history.ask_until_answered(&owner, &ask).await;
        }
        let path = format!("/api/accounts/{account}/close");
        let closing = owner.post(&path);
        let ask = pay(2);
        let (closed, _declined) =
            tokio::join!(closing, self.history.ask_until_answered(&owner, &ask));
        // Where the other account was frozen, this one is not empty.
        if closed.status != 200 {
            closed.refused(409, "balance_not_zero");
        }
    }

    fn account_path(&mut self) -> String {
        format!("/api/accounts/{}", self.any_account())
    }

    fn any_account(&mut self) -> uuid::Uuid {
        let account = self.town.account_ids().choose(&mut self.random);
        account.expect("there are accounts")
    }
}
