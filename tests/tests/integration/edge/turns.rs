//! Who takes much of the ledger's time waits behind others, and not they behind them.

use super::*;
use strongroom_tests::bank::{new_key, transfer};

/// How many batches one customer sends at once, and how many lines each has: all are declined.
const BATCHES_AT_ONCE: u64 = 40;
const LINES: usize = 1_000;
/// How many batches may come between a payment of another customer and its answer. In one line with
/// them, it would be all.
const BATCHES_BETWEEN_MAX: u64 = BATCHES_AT_ONCE / 4;
const PAYMENTS: usize = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_customers_batches_come_one_after_the_other_beside_anothers_payments() {
    let bank = Bank::start().await;
    let eve = bank.customer().await;
    let accounts = [eve.open_account("EUR").await, eve.open_account("EUR").await];
    let line = transfer(&accounts[0], &accounts[1], "1.00", "EUR");
    let batch = json!({"transfers": vec![line; LINES], "atomic": false}).to_string();
    let clients = (0..BATCHES_AT_ONCE).map(|_| {
        let (eve, batch) = (eve.clone(), batch.clone());
        move || {
            let call = eve.post("/api/transactions/batch").key(&new_key());
            call.body("application/json", batch.clone())
        }
    });
    let flood = Flood::begin(clients, |outcome| {
        let status = outcome.expect("the host answers").status;
        assert!([201, 503].contains(&status), "{status}");
        // One that is refused had no turn, and is sent again at once.
        status == 201
    });
    // After so many batches the ledger knows what they cost.
    flood.go_on().await;
    let pair = bank.pair().await;
    let mut between = Vec::new();
    for _ in 0..PAYMENTS {
        let before = flood.count();
        pair.send("1.00").await;
        between.push(flood.count() - before);
    }
    flood.end().await;
    between.sort_unstable();
    let median = between[PAYMENTS / 2];
    assert!(median <= BATCHES_BETWEEN_MAX, "{between:?}");
}
