//! Goal: holds do what is documented, and happen once whatever races.
//!
//! Method: the shared bank; each test has people and accounts of its own. Which end a hold may
//! have, and whose it is to end, the tests of the ledger and of `components/transaction` say; a
//! hold expires by the bank's tick in `dev.rs`. Races for one hold or reversal are in `storms`.

use strongroom_tests::bank::{Pair, new_key};
use strongroom_tests::race::{at_once, count, count_code};
use strongroom_tests::{Bank, Value, assert_json, json, refusals, text};

const HOLDS: &str = "/api/transactions/holds";

fn hold(pair: &Pair, amount: &str, expires_in: u32) -> Value {
    let mut body = pair.body(amount);
    body["expires_in"] = json!(expires_in);
    body
}

/// Asserts balance, available, and what is pending of the payer's account.
async fn assert_payer_has(pair: &Pair, balance: &str, available: &str, pending: &str) {
    let path = format!("/api/accounts/{}/balance", pair.from);
    assert_json!(pair.alice.read(&path).await, {
        "balance": balance, "available": available, "pending_debits": pending,
    });
}

#[tokio::test]
async fn a_hold_reserves_money_until_it_is_captured_or_voided() {
    let pair = Bank::shared().await.pair().await;
    let (alice, bob, unknown) = (&pair.alice, &pair.bob, new_key());
    let body = hold(&pair, "60.00", 3_600);
    let held = alice.submit("holds", &body).await.expect(201);
    assert_json!(held, {"type": "hold", "status": "pending", "posted_at": null});
    assert_payer_has(&pair, "100.00", "40.00", "60.00").await;
    let id = text(&held["id"]);
    for end in ["capture", "void"] {
        let unkeyed = alice.post(&format!("{HOLDS}/{id}/{end}")).await;
        unkeyed.refused(400, "idempotency_key_missing");
        refusals! {
            bob => POST "{HOLDS}/{id}/{end}" => 404 "not_found";
            alice => POST "{HOLDS}/{unknown}/{end}" => 404 "not_found";
        }
    }
    refusals! {
        alice => POST "{HOLDS}" (hold(&pair, "1.00", 0)) => 422 "validation_failed" "/expires_in";
        alice => POST "{HOLDS}" (hold(&pair, "1.00", 7_776_001))
            => 422 "validation_failed" "/expires_in";
        alice => POST "{HOLDS}/{id}/void" {"amount": "1.00"}
            => 422 "validation_failed" "/amount";
        alice => POST "{HOLDS}/{id}/capture" {"amount": "0.001"} => 422 "amount_invalid";
        alice => POST "{HOLDS}/{id}/capture" {"amount": "60.01"} => 422 "amount_exceeds_hold";
    }

    let capture = json!({"amount": "25.00"});
    let captured = alice.submit(&format!("holds/{id}/capture"), &capture).await;
    let captured = captured.expect(201);
    assert_json!(captured, {"type": "capture", "hold_id": id, "amount": "25.00"});
    assert_payer_has(&pair, "75.00", "75.00", "0.00").await;
    assert_eq!(bob.balance(&pair.to).await, "25.00");
    assert_json!(alice.transaction(&held["id"]).await, {
        "status": "posted", "captured_amount": "25.00", "resolved_by": captured["id"],
    });

    let held = alice.submit("holds", &body).await.expect(201);
    let id = text(&held["id"]);
    let path = format!("{HOLDS}/{id}/void");
    let voided = alice.post(&path).key(&new_key()).await.expect(201);
    assert_json!(voided, {"type": "void", "status": "voided"});
    refusals! { alice => POST "{HOLDS}/{id}/capture" => 422 "already_voided"; }
    assert_payer_has(&pair, "75.00", "75.00", "0.00").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_of_100_covers_exactly_100_of_200_holds_and_transfers_at_once() {
    let pair = Bank::shared().await.pair().await;
    let (body, hold) = (pair.body("1.00"), hold(&pair, "1.00", 600));
    let calls = (0..200).map(|call| match call % 2 {
        0 => pair.alice.submit("holds", &hold),
        _ => pair.alice.submit("transfer", &body),
    });
    let answers = at_once(calls).await;
    assert_eq!(count(&answers, 201), 100);
    assert_eq!(count_code(&answers, "insufficient_funds"), 100);
    let path = format!("/api/accounts/{}/balance", pair.from);
    assert_json!(pair.alice.read(&path).await, {"available": "0.00"});
}
