//! Goal: the bank decides as if it did one thing after the other, in the order that it says, and
//! that order is the clients'.
//!
//! Method: clients want everything at once, of accounts in three currencies, in batches and one by
//! one, while staff freeze accounts, set limits, and owners close accounts. Then every row of the
//! journal is decided again by a model that does one thing after the other; and what was answered
//! before another call began must come before it.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use strongroom_tests::history::traffic::{OPENING, open_account};
use strongroom_tests::history::{
    Ask, Crew, Currency, EUR, JPY, KWD, Line, Mix, Scene, Who, Wish, Wishes,
};
use strongroom_tests::scale::{seeded, short_or_full};
use strongroom_tests::{Bank, json};

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
    let mut scene = Scene::open(Bank::start().await, OWNERS, &CURRENCIES).await;
    let mix = Mix {
        batches: 3,
        lines: short_or_full(2..=300, 2..=1_000),
        cash: true,
        orders: false,
    };
    let mut clients = Wishes::of_clients(CLIENTS, &mix, &mut random);
    while scene.checker.books.rows_seen() < operations {
        let leg = OPERATIONS_OF_ONE_LEG.min(operations - scene.checker.books.rows_seen());
        let crew = Crew::begin(&scene, clients);
        let mut staff = Staff {
            scene: &scene,
            random: &mut random,
        };
        while crew.decided() < leg {
            staff.act().await;
        }
        clients = scene.end(crew).await;
        scene.check().await;
        scene.log_in_again().await;
    }
    let books = &scene.checker.books;
    let mut counts: Vec<_> = books.counts().into_iter().collect();
    counts.sort_unstable_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rows = books.rows_seen();
    println!("{rows} rows, in the order of their clients: {counts:?}");
    scene.verify();
}

/// Those who change what may be done with an account.
struct Staff<'s> {
    scene: &'s Scene,
    random: &'s mut StdRng,
}

impl Staff<'_> {
    async fn act(&mut self) {
        match self.random.random_range(0..5_u32) {
            0 | 1 => self.freeze_for_a_moment().await,
            2 | 3 => self.set_limit().await,
            _ => self.open_and_close().await,
        }
    }

    async fn freeze_for_a_moment(&mut self) {
        let path = self.account_path();
        let stops = *["debits", "credits", "both"]
            .choose(self.random)
            .expect("there are some");
        let admin = &self.scene.town.admin;
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
        let change = self.scene.town.admin.patch(&path);
        let answer = change.json(&json!({"overdraft_limit": limit})).await;
        if answer.status != 200 {
            answer.refused(409, "overdraft_in_use");
        }
    }

    /// A payment to an account that is closed while it is under way is made before that, or
    /// declined.
    async fn open_and_close(&mut self) {
        let who = Who::Owner(self.random.random_range(0..OWNERS));
        let scene = self.scene;
        let (history, town) = (&scene.history, &scene.town);
        let owner = town.person(who);
        let account = open_account(owner, &town.admin, history, EUR).await;
        let to = self.any_account();
        let pay = |amount| {
            let key = format!("{account}-{to}-{amount}");
            Ask::new(&key, Wish::Transfer(Line::eur(account, to, amount)))
        };
        for amount in [OPENING, 1] {
            let ask = pay(amount);
            history.ask_until_answered(owner, &ask).await;
        }
        let ask = pay(2);
        let paying = history.ask_until_answered(owner, &ask);
        let account = account.to_string();
        let (closed, _declined) = tokio::join!(owner.close(&account), paying);
        // Where the other account was frozen, this one is not empty.
        if closed.status != 200 {
            closed.refused(409, "balance_not_zero");
        }
    }

    fn account_path(&mut self) -> String {
        format!("/api/accounts/{}", self.any_account())
    }

    fn any_account(&mut self) -> uuid::Uuid {
        let account = self.scene.town.account_ids().choose(self.random);
        account.expect("there are accounts")
    }
}
