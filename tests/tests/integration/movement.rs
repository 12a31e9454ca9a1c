//! Goal: holds do what is documented, say why when they do not, and happen once whatever races.
//!
//! Method: the shared bank; each test has people and accounts of its own. Which end a hold may
//! have, the ledger's tests say. Reversals are in `contract/postings.rs`, and batches in
//! `repeats.rs`; races for one hold or reversal are in `storms`.

use std::time::Duration;

use strongroom_tests::bank::{Pair, new_key};
use strongroom_tests::client::Call;
use strongroom_tests::race::{at_once, count, count_code};
use strongroom_tests::{Answer, Bank, assert_json, json, refusals, text, wait_for};

fn hold_call(pair: &Pair, key: &str, amount: &str, expires_in: u32) -> Call {
    let mut body = pair.body(amount);
    body["expires_in"] = json!(expires_in);
    let call = pair.alice.post("/api/transactions/holds");
    call.key(key).json(&body)
}

async fn hold(pair: &Pair, amount: &str, expires_in: u32) -> String {
    let held = hold_call(pair, &new_key(), amount, expires_in).await;
    text(&held.expect(201)["id"]).to_owned()
}

/// Captures or voids a hold, without a body.
async fn end(pair: &Pair, hold: &str, call: &str) -> Answer {
    let path = format!("/api/transactions/holds/{hold}/{call}");
    pair.alice.post(&path).key(&new_key()).await
}

async fn capture(pair: &Pair, hold: &str, amount: &str) -> Answer {
    let call = format!("holds/{hold}/capture");
    pair.alice.submit(&call, &json!({"amount": amount})).await
}

/// Asserts balance, available, and what is pending of the payer's account.
async fn assert_payer_has(pair: &Pair, balance: &str, available: &str, pending: &str) {
    let path = format!("/api/accounts/{}/balance", pair.from);
    assert_json!(pair.alice.read(&path).await, {
        "balance": balance, "available": available, "pending_debits": pending,
    });
}

async fn assert_payee_has(pair: &Pair, balance: &str) {
    assert_eq!(pair.bob.balance(&pair.to).await, balance);
}

#[track_caller]
fn decline(answer: &Answer, code: &str) {
    let problem = answer.refused(422, code);
    assert!(problem["transaction_id"].is_string(), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_reserves_money_until_it_is_captured_and_the_rest_is_released() {
    let pair = Bank::shared().await.pair().await;
    let key = new_key();
    let answer = hold_call(&pair, &key, "60.00", 3_600).await;
    let held = answer.expect(201);
    assert_json!(held, {"type": "hold", "status": "pending", "posted_at": null});
    assert!(held["expires_at"].is_string(), "{held}");
    assert_payer_has(&pair, "100.00", "40.00", "60.00").await;
    let short = pair.alice.submit("transfer", &pair.body("40.01")).await;
    decline(&short, "insufficient_funds");

    let id = text(&held["id"]);
    decline(&capture(&pair, id, "60.01").await, "amount_exceeds_hold");
    let captured = capture(&pair, id, "25.00").await.expect(201);
    assert_json!(captured, {"type": "capture", "hold_id": id, "amount": "25.00"});
    assert_payer_has(&pair, "75.00", "75.00", "0.00").await;
    assert_payee_has(&pair, "25.00").await;
    let seen = pair.alice.transaction(&held["id"]).await;
    assert_json!(seen, {
        "status": "posted", "captured_amount": "25.00", "resolved_by": captured["id"],
    });
    decline(&end(&pair, id, "void").await, "already_captured");
    // The response to the request stays what it was.
    let again = hold_call(&pair, &key, "60.00", 3_600).await;
    assert_eq!((again.status, again.replayed()), (201, true));
    assert_eq!(again.body, answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_voided_or_released_when_its_time_is_up() {
    let pair = Bank::shared().await.pair().await;
    let held = hold(&pair, "60.00", 60).await;
    let voided = end(&pair, &held, "void").await.expect(201);
    assert_json!(voided, {"type": "void", "status": "voided"});
    decline(&end(&pair, &held, "capture").await, "already_voided");
    assert_payer_has(&pair, "100.00", "100.00", "0.00").await;

    let held = hold(&pair, "60.00", 1).await;
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    // Whether or not it was swept yet.
    decline(&end(&pair, &held, "capture").await, "hold_expired");
    wait_for("the sweep", 10, async || {
        let seen = pair.alice.transaction(&json!(held)).await;
        (seen["status"] == "expired").then_some(())
    })
    .await;
    assert_payer_has(&pair, "100.00", "100.00", "0.00").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_its_payers_to_end_and_says_what_is_wrong_with_it() {
    let pair = Bank::shared().await.pair().await;
    let held = hold(&pair, "1.00", 60).await;
    let (alice, bob, unknown) = (&pair.alice, &pair.bob, new_key());
    let [too_short, too_long] = [0, 7_776_001].map(|expires_in| {
        let mut body = pair.body("1.00");
        body["expires_in"] = json!(expires_in);
        body
    });
    for end in ["capture", "void"] {
        let path = format!("/api/transactions/holds/{held}/{end}");
        let unkeyed = alice.post(&path).await;
        unkeyed.refused(400, "idempotency_key_missing");
        refusals! {
            bob => POST "{path}" => 404 "not_found";
            alice => POST "/api/transactions/holds/{unknown}/{end}" => 404 "not_found";
        }
    }
    refusals! {
        alice => POST "/api/transactions/holds" (too_short) => 422 "validation_failed" "/expires_in";
        alice => POST "/api/transactions/holds" (too_long) => 422 "validation_failed" "/expires_in";
        alice => POST "/api/transactions/holds/{held}/capture" {"amount": "0.001"}
            => 422 "amount_invalid";
        alice => POST "/api/transactions/holds/{held}/void" {"amount": "1.00"}
            => 422 "validation_failed" "/amount";
    }
    assert_payer_has(&pair, "100.00", "99.00", "1.00").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_of_100_covers_exactly_100_of_200_holds_and_transfers_at_once() {
    let pair = Bank::shared().await.pair().await;
    let body = pair.body("1.00");
    let calls = (0..200).map(|call| match call % 2 {
        0 => hold_call(&pair, &new_key(), "1.00", 600),
        _ => pair.alice.submit("transfer", &body),
    });
    let answers = at_once(calls).await;
    assert_eq!(count(&answers, 201), 100);
    assert_eq!(count_code(&answers, "insufficient_funds"), 100);
    let path = format!("/api/accounts/{}/balance", pair.from);
    assert_json!(pair.alice.read(&path).await, {"available": "0.00"});
}
