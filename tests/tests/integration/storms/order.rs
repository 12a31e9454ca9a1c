//! Goal: the bank decides as if it did one thing after the other, in the order that it says, and
//! that order is the clients'.
//!
//! Method: clients want everything at once, of accounts in three currencies, in batches and one by
//! one, while staff freeze accounts, set limits, and owners close accounts. Then every row of the
//! journal is decided again by a model that does one thing after the other; and what was answered
//! before another call began must come before it.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
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
        while crew.decided() < leg {
            change_an_account(&scene, &mut random).await;
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

/// Staff, or an owner, change what may be done with an account.
async fn change_an_account(scene: &Scene, random: &mut StdRng) {
    match random.random_range(0..5_u32) {
        0 | 1 => freeze_for_a_moment(scene, random).await,
        2 | 3 => set_limit(scene, random).await,
        _ => open_and_close(scene, random).await,
    }
}

async fn freeze_for_a_moment(scene: &Scene, random: &mut StdRng) {
    let account = any_account(scene, random).to_string();
    let stops = ["debits", "credits", "both"][random.random_range(0..3)];
    let admin = &scene.town.admin;
    admin.freeze(&account, &json!({"stops": stops})).await;
    // As long as a few requests take.
    for _look in 0..random.random_range(0..10_u32) {
        admin.account(&account).await;
    }
    let unfreeze = admin.post(&format!("/api/accounts/{account}/unfreeze"));
    unfreeze.await.expect(200);
}

/// Up to one payment. A limit that is used already is not taken back.
async fn set_limit(scene: &Scene, random: &mut StdRng) {
    let path = format!("/api/accounts/{}", any_account(scene, random));
    let limit = random.random_range(0..=40_u32).to_string();
    let change = scene.town.admin.patch(&path);
    let answer = change.json(&json!({"overdraft_limit": limit})).await;
    if answer.status != 200 {
        answer.refused(409, "overdraft_in_use");
    }
}

/// A payment to an account that is closed while it is under way is made before that, or declined.
async fn open_and_close(scene: &Scene, random: &mut StdRng) {
    let who = Who::Owner(random.random_range(0..OWNERS));
    let (history, town) = (&scene.history, &scene.town);
    let owner = town.person(who);
    let account = open_account(owner, &town.admin, history, EUR).await;
    let to = any_account(scene, random);
    let [all, one, two] = [OPENING, 1, 2].map(|amount| {
        let key = format!("{account}-{to}-{amount}");
        Ask::new(&key, Wish::Transfer(Line::eur(account, to, amount)))
    });
    for ask in [all, one] {
        history.ask_until_answered(owner, &ask).await;
    }
    let paying = history.ask_until_answered(owner, &two);
    let account = account.to_string();
    let (closed, _declined) = tokio::join!(owner.close(&account), paying);
    // Where the other account was frozen, this one is not empty.
    if closed.status != 200 {
        closed.refused(409, "balance_not_zero");
    }
}

fn any_account(scene: &Scene, random: &mut StdRng) -> uuid::Uuid {
    let account = scene.town.account_ids().choose(random);
    account.expect("there are accounts")
}
