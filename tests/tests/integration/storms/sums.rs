//! Goal: a client that looks at several accounts at once sees a moment that was: no money between
//! two places, none in both.
//!
//! Method: one customer has 16 accounts, and 16 clients move their money between them by transfers,
//! batches, captures, and reversals, while others read the list of these accounts, which is one
//! snapshot. No money comes or goes, so each list must have the same sum. In the end the whole
//! history is replayed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use strongroom_tests::history::traffic::OPENING;
use strongroom_tests::history::words::minor;
use strongroom_tests::history::{Crew, EUR, Mix, Scene, Who, Wishes};
use strongroom_tests::scale::{seeded, short_or_full};
use strongroom_tests::{Bank, Person, Value, list, text};
use tokio::task::JoinSet;

const ACCOUNTS: usize = 16;
const WRITERS: usize = 16;
const READERS: usize = 4;
/// After so many reads everybody logs in again, and the books are checked.
const READS_OF_ONE_LEG: usize = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sum_of_all_accounts_is_the_same_in_every_list() {
    let mut random = seeded();
    let reads = short_or_full(2_000, 100_000);
    let mut scene = Scene::open(Bank::start().await, 1, &[EUR; ACCOUNTS]).await;
    let mix = Mix {
        batches: 10,
        lines: 2..=20,
        cash: false,
        orders: false,
    };
    let mut writers = Wishes::of_clients(WRITERS, &mix, &mut random);
    let mut read = 0;
    while read < reads {
        let leg = READS_OF_ONE_LEG.min(reads - read);
        let crew = Crew::begin(&scene, writers);
        read_together(&scene, leg).await;
        writers = scene.end(crew).await;
        read += leg;
        scene.check().await;
        scene.log_in_again().await;
    }
    let moved = scene.checker.books.rows_seen() - ACCOUNTS as u64;
    println!("{read} lists with one sum while {moved} transactions were decided");
    assert!(moved > 16, "there was something to see");
    scene.verify();
}

/// A reader that fails ends the test, and everything with it.
async fn read_together(scene: &Scene, reads: usize) {
    let left = Arc::new(AtomicUsize::new(reads));
    let mut reading = JoinSet::new();
    for _reader in 0..READERS {
        let owner = scene.town.person(Who::Owner(0)).clone();
        reading.spawn(read(owner, Arc::clone(&left)));
    }
    reading.join_all().await;
}

async fn read(owner: Person, left: Arc<AtomicUsize>) {
    let take = |left: usize| left.checked_sub(1);
    while left.fetch_update(Relaxed, Relaxed, take).is_ok() {
        let page = owner.read("/api/accounts?limit=500").await;
        let accounts = list(&page["data"]);
        assert_eq!(accounts.len(), ACCOUNTS);
        assert_eq!(page["has_more"], false);
        let balance = |account: &Value| minor(text(&account["balance"]));
        let balances = Vec::from_iter(accounts.iter().map(balance));
        let sum: i64 = balances.iter().sum();
        assert_eq!(sum, ACCOUNTS as i64 * OPENING, "{balances:?}");
        assert!(balances.iter().all(|balance| *balance >= 0), "{balances:?}");
    }
}
