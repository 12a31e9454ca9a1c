//! Who takes much of the ledger's time waits behind others, and not they behind them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use strongroom_tests::bank::{new_key, transfer};
use strongroom_tests::{Bank, json, wait_until};
use tokio::task::JoinSet;

/// How many batches one customer sends at once, and how many lines each has: all are declined.
const BATCHES_AT_ONCE: usize = 40;
const LINES: usize = 1_000;
/// After so many batches the ledger knows what they cost.
const BATCHES_FIRST: usize = 2 * BATCHES_AT_ONCE;
/// How many batches may come between a payment of another customer and its answer. In one line with
/// them, it would be all.
const BATCHES_BETWEEN_MAX: usize = BATCHES_AT_ONCE / 4;
const PAYMENTS: usize = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_customers_batches_come_one_after_the_other_beside_anothers_payments() {
    let bank = Bank::start().await;
    let eve = Arc::new(bank.customer().await);
    let accounts = [eve.open_account("EUR").await, eve.open_account("EUR").await];
    let line = transfer(&accounts[0], &accounts[1], "1.00", "EUR");
    let batch = json!({"transfers": vec![line; LINES], "atomic": false});
    let batch = Arc::new(batch.to_string());
    let (done, is_over) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let mut flood = JoinSet::new();
    for _ in 0..BATCHES_AT_ONCE {
        let (eve, batch) = (Arc::clone(&eve), Arc::clone(&batch));
        let (done, is_over) = (Arc::clone(&done), Arc::clone(&is_over));
        flood.spawn(async move {
            while !is_over.load(SeqCst) {
                let call = eve.post("/api/transactions/batch").key(&new_key());
                let answer = call.body("application/json", batch.to_string()).await;
                assert!([201, 503].contains(&answer.status), "{}", answer.status);
                // One that is refused had no turn, and is sent again at once.
                done.fetch_add(usize::from(answer.status == 201), SeqCst);
            }
        });
    }
    let are_done = async || done.load(SeqCst) >= BATCHES_FIRST;
    wait_until("the first batches", 60, are_done).await;
    let pair = bank.pair().await;
    let mut between = Vec::new();
    for _ in 0..PAYMENTS {
        let before = done.load(SeqCst);
        pair.send("1.00").await;
        between.push(done.load(SeqCst) - before);
    }
    is_over.store(true, SeqCst);
    flood.join_all().await;
    between.sort_unstable();
    let median = between[PAYMENTS / 2];
    assert!(median <= BATCHES_BETWEEN_MAX, "{between:?}");
}
