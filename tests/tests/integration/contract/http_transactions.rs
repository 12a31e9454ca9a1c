//! `/api/transactions`: the shape of each call. What a repeated request gets, and batches, are in
//! `repeats.rs`; holds are in `movement.rs`, reversals in `postings.rs`. What is refused and
//! declined, the tests of `components/transaction` and of the ledger say.

use strongroom_tests::bank::{UNKNOWN_ID, cash, new_key, transfer};
use strongroom_tests::{Bank, Value, assert_json, json, refusals, text};

/// The IBAN of another bank.
const UNKNOWN_NUMBER: &str = "DE44500105175407324931";

#[tokio::test]
async fn post_deposit() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let id = customer.open_account("EUR").await;
    let mut body = cash(&id, "12.34", "EUR");
    body["reference"] = json!("cash");
    body["metadata"] = json!({"till": "4"});
    for staff in [&bank.staff("teller").await, &bank.admin().await] {
        let posted = staff.submit("deposit", &body).await;
        let transaction = posted.expect(201);
        assert_posted(&transaction);
        assert_json!(transaction, {
            "type": "deposit", "from_account_id": null, "to_account_id": id, "amount": "12.34",
            "currency": "EUR", "reference": "cash", "metadata": {"till": "4"},
        });
        // Staff see in which request it was. Neither the owner nor the response says so.
        let seen = staff.transaction(&transaction["id"]).await;
        assert_json!(seen, {"request_id": posted.header("x-request-id")});
        assert_eq!(transaction.get("request_id"), None);
        // The notes are those of the bank.
        let mut owners = transaction.clone();
        owners["metadata"] = Value::Null;
        assert_eq!(customer.transaction(&transaction["id"]).await, owners);
    }
    assert_eq!(customer.balance(&id).await, "24.68");
}

#[tokio::test]
async fn post_withdraw() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let body = cash(&pair.from, "30.00", "EUR");
    for person in [&pair.alice, &bank.staff("teller").await] {
        let posted = person.submit("withdraw", &body).await.expect(201);
        assert_posted(&posted);
        assert_json!(posted, {
            "type": "withdrawal", "from_account_id": pair.from, "to_account_id": null,
            "amount": "30.00",
        });
    }
    assert_eq!(pair.alice.balance(&pair.from).await, "40.00");
}

#[tokio::test]
async fn post_transfer_and_send() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let mut body = pair.body("40.25");
    body["reference"] = json!("rent");
    body["metadata"] = json!({"flat": "3b", "month": "July"});
    for call in ["transfer", "send"] {
        let posted = pair.alice.submit(call, &body).await.expect(201);
        assert_posted(&posted);
        strongroom_tests::json::assert_has(&posted, &body);
        assert_eq!(posted["type"], "transfer");
        // The payee sees neither the metadata nor whose it is.
        for reader in [&pair.alice, &pair.admin, &bank.staff("auditor").await] {
            assert_eq!(reader.transaction(&posted["id"]).await, posted);
        }
        let seen = pair.bob.transaction(&posted["id"]).await;
        assert_json!(seen, {"id": posted["id"], "amount": "40.25", "metadata": null});
    }
    assert_eq!(pair.alice.balance(&pair.from).await, "19.50");
    assert_eq!(pair.bob.balance(&pair.to).await, "80.50");
}

#[tokio::test]
async fn post_transfer_to_an_account_number() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let mut body = pair.body("1.00");
    body["to_account_id"] = Value::Null;
    body["to_account_number"] = pair.bob.account(&pair.to).await["number"].clone();
    let posted = pair.alice.submit("transfer", &body).await.expect(201);
    assert_eq!(posted["to_account_id"], pair.to);
    body["to_account_number"] = json!(UNKNOWN_NUMBER);
    refusals! {
        pair.alice => POST "/api/transactions/transfer" (body)
            => 404 "account_not_found" "/to_account_number";
    }
}

#[tokio::test]
async fn what_is_refused_says_why_and_moves_nothing() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, bob, teller) = (&pair.alice, &pair.bob, &bank.staff("teller").await);
    refusals! {
        teller => POST "/api/transactions/deposit" (cash(UNKNOWN_ID, "1.00", "EUR"))
            => 404 "account_not_found" "/account_id";
        bob => POST "/api/transactions/withdraw" (cash(&pair.from, "1.00", "EUR"))
            => 404 "account_not_found" "/account_id";
        alice => POST "/api/transactions/transfer" (pair.body("1.001"))
            => 422 "amount_invalid" "/amount";
        alice => POST "/api/transactions/transfer" (transfer(&pair.from, &pair.from, "1.00", "EUR"))
            => 422 "validation_failed" "/to_account_id";
        alice => GET "/api/transactions/{UNKNOWN_ID}" => 404 "not_found";
    }
    assert_eq!(alice.balance(&pair.from).await, "100.00");
}

#[tokio::test]
async fn an_idempotency_key_is_there_and_of_its_shape_and_belongs_to_one_request_of_its_user() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, bob, admin) = (&pair.alice, &pair.bob, &pair.admin);
    let (eur, good) = (cash(&pair.from, "1.00", "EUR"), pair.body("1.00"));
    let batch = json!({"transfers": [good], "atomic": true});
    for (person, call, body) in [
        (admin, "deposit", &eur),
        (alice, "withdraw", &eur),
        (alice, "transfer", &good),
        (alice, "send", &good),
        (alice, "postings", &pair.posting("1.00")),
        (alice, "holds", &good),
        (alice, "batch", &batch),
        (alice, "schedules", &good),
    ] {
        let call = person.post(&format!("/api/transactions/{call}"));
        let answer = call.json(body).await;
        answer.refused(400, "idempotency_key_missing");
    }
    let send = async |key: &str| alice.transfer(key, &pair.from, &pair.to, "1.00").await;
    send(&"k".repeat(256)).await.problem(400);
    send("two words").await.problem(400);
    assert_eq!(alice.balance(&pair.from).await, "100.00");

    let key = new_key();
    let first = send(&key).await.expect(201);
    let back = transfer(&pair.to, &pair.from, "1.00", "EUR");
    let bobs = bob.post("/api/transactions/transfer").key(&key).json(&back);
    let bobs = bobs.await;
    assert!(!bobs.replayed());
    assert_ne!(bobs.expect(201)["id"], first["id"]);
    for (call, body) in [("withdraw", &eur), ("holds", &good), ("batch", &batch)] {
        let call = alice.post(&format!("/api/transactions/{call}"));
        let answer = call.key(&key).json(body).await;
        answer.refused(422, "idempotency_key_reused");
    }
    assert_eq!(alice.balance(&pair.from).await, "100.00");
}

#[tokio::test]
async fn get_transactions_by_account_id() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let sent = pair.send("1.00").await;
    let declined = pair.alice.submit("transfer", &pair.body("1000.00")).await;
    let declined = declined.refused(422, "insufficient_funds");
    let list = format!("/api/transactions?account_id={}&limit=1", pair.from);
    assert_json!(Value::from(pair.alice.all(&list).await), [
        {
            "id": declined["transaction_id"], "status": "declined",
            "decline_code": "insufficient_funds",
        },
        sent,
        {"type": "deposit"},
    ]);
    let list = format!("/api/transactions?account_id={}&limit=1", pair.to);
    assert_eq!(pair.bob.all(&list).await, [sent]);
}

/// A posted transaction has every member.
#[track_caller]
fn assert_posted(transaction: &Value) {
    let members = "id type from_account_id to_account_id amount currency reference metadata";
    for member in members.split(' ') {
        assert!(transaction.get(member).is_some(), "{member}: {transaction}");
    }
    assert_json!(transaction, {"status": "posted", "decline_code": null});
    for member in ["created_at", "posted_at"] {
        assert!(text(&transaction[member]).ends_with('Z'), "{transaction}");
    }
    assert!(transaction["sequence"].as_u64() >= Some(1), "{transaction}");
}
