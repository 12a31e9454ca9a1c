//! Goal: a client that looks at several accounts at once sees a moment that was: no money between
//! two places, none in both.
//!
//! Method: one customer has 16 accounts, and 16 clients move their money between them by transfers,
//! batches, captures, and reversals, while others read the list of these accounts, which is one
//! snapshot. No money comes or goes, so each list must have the same sum. In the end the whole
//! history is replayed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use strongroom_tests::history::traffic::{Mix, OPENING, Town, Who, Wishes};
use strongroom_tests::history::words::minor;
use strongroom_tests::history::{Checker, EUR, History};
use strongroom_tests::scale::{seeded, short_or_full};
use strongroom_tests::{Bank, Person, list, text};
use tokio::task::JoinSet;

use crate::storms::books;

const ACCOUNTS: usize = 16;
const WRITERS: usize = 16;
const READERS: usize = 4;
/// After so many reads everybody logs in again, and the books are checked.
const READS_OF_ONE_LEG: usize = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sum_of_all_accounts_is_the_same_in_every_list() {
    let mut random = seeded();
    let reads = short_or_full(2_000, 100_000);
    let bank = Bank::start().await;
    let history = History::default();
    let mut town = Town::open(&bank, &history, 1, &[EUR; ACCOUNTS]).await;
    let mut checker = Checker::default();
    let mix = Mix {
        batches: 10,
        lines: 2..=20,
        cash: false,
    };
    let mut writers: Vec<Wishes> = (0..WRITERS)
        .map(|writer| Wishes::new(mix.clone(), &format!("writer-{writer}"), &mut random))
        .collect();
    let (mut read, mut moved) = (0, 0);
    while read < reads {
        let leg = READS_OF_ONE_LEG.min(reads - read);
        writers = read_while_writing(&town, &history, writers, leg).await;
        read += leg;
        let before = checker.books().rows_seen();
        books::check(&mut checker, &history, &town.admin).await;
        moved += checker.books().rows_seen() - before;
        town.log_in_again().await;
    }
    println!("{read} lists with one sum while {moved} transactions were decided");
    assert!(moved > 16, "there was something to see");
    books::verify(&bank);
}

async fn read_while_writing(
    town: &Town,
    history: &History,
    writers: Vec<Wishes>,
    reads: usize,
) -> Vec<Wishes> {
    let is_over = Arc::new(AtomicBool::new(false));
    let mut writing = JoinSet::new();
    for wishes in writers {
        let (town, history) = (town.clone(), history.clone());
        writing.spawn(write(town, history, wishes, Arc::clone(&is_over)));
    }
    let left = Arc::new(AtomicUsize::new(reads));
    let mut reading = JoinSet::new();
    for _reader in 0..READERS {
        let owner = town.person(Who::Owner(0)).clone();
        reading.spawn(read(owner, Arc::clone(&left)));
    }
    // A reader that fails ends the test, and everything with it.
    reading.join_all().await;
    is_over.store(true, Relaxed);
    writing.join_all().await
}

async fn write(
    town: Town,
    history: History,
    mut wishes: Wishes,
    is_over: Arc<AtomicBool>,
) -> Wishes {
    while !is_over.load(Relaxed) {
        let (who, ask) = wishes.next(&town);
        let reply = history.ask_until_answered(town.person(who), &ask).await;
        wishes.learn(who, &reply);
    }
    wishes
}

async fn read(owner: Person, left: Arc<AtomicUsize>) {
    let take = |left: usize| left.checked_sub(1);
    while left.fetch_update(Relaxed, Relaxed, take).is_ok() {
        let page = owner.read("/api/accounts?limit=500").await;
        let accounts = list(&page["data"]);
        assert_eq!(accounts.len(), ACCOUNTS);
        assert_eq!(page["has_more"], false);
        let balances = accounts
            .iter()
            .map(|account| minor(text(&account["balance"])));
        let balances: Vec<i64> = balances.collect();
        let sum: i64 = balances.iter().sum();
        let accounts = i64::try_from(ACCOUNTS).expect("a few accounts");
        assert_eq!(sum, accounts * OPENING, "{balances:?}");
        assert!(balances.iter().all(|balance| *balance >= 0), "{balances:?}");
    }
}
