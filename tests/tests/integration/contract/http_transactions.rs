//! `/api/transactions`: the shape of each call. What a repeated request gets, and batches, are in
//! `repeats.rs`; holds are in `movement.rs`, standing orders in `orders.rs`. What is refused and
//! declined, and who sees what, the tests of `components/transaction` and of the ledger say.

use strongroom_tests::bank::{UNKNOWN_ID, cash, entry};
use strongroom_tests::json::assert_has;
use strongroom_tests::{Bank, Value, assert_json, json, refusals, text};

#[tokio::test]
async fn post_deposit_and_withdraw() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let id = customer.open_account("EUR").await;
    let mut body = cash(&id, "12.34", "EUR");
    body["reference"] = json!("cash");
    body["metadata"] = json!({"till": "4"});
    let posted = teller.submit("deposit", &body).await;
    let deposit = posted.expect(201);
    assert_json!(deposit, {
        "type": "deposit", "status": "posted", "from_account_id": null, "to_account_id": id,
        "amount": "12.34", "currency": "EUR", "reference": "cash", "metadata": {"till": "4"},
        "decline_code": null,
    });
    // Staff see in which request it was. Neither the owner nor the response says so.
    let seen = teller.transaction(&deposit["id"]).await;
    assert_json!(seen, {"request_id": posted.header("x-request-id")});
    assert_eq!(deposit.get("request_id"), None);
    // The notes are those of the bank.
    let mut owners = deposit.clone();
    owners["metadata"] = Value::Null;
    assert_eq!(customer.transaction(&deposit["id"]).await, owners);

    let withdrawal = cash(&id, "2.34", "EUR");
    let withdrawn = customer.submit("withdraw", &withdrawal).await.expect(201);
    assert_json!(withdrawn, {"type": "withdrawal", "from_account_id": id, "to_account_id": null});
    assert_eq!(customer.balance(&id).await, "10.00");
}

#[tokio::test]
async fn post_transfer_and_send() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let mut body = pair.body("40.25");
    body["reference"] = json!("rent");
    body["metadata"] = json!({"flat": "3b", "month": "July"});
    for call in ["transfer", "send"] {
        let posted = alice.submit(call, &body).await.expect(201);
        assert_has(&posted, &body);
        assert_json!(posted, {"type": "transfer", "status": "posted"});
        assert_eq!(alice.transaction(&posted["id"]).await, posted);
        // The payee does not see the metadata.
        let seen = bob.transaction(&posted["id"]).await;
        assert_json!(seen, {"id": posted["id"], "amount": "40.25", "metadata": null});
    }
    body["amount"] = json!("1.00");
    body["to_account_id"] = Value::Null;
    body["to_account_number"] = bob.account(&pair.to).await["number"].clone();
    let posted = alice.submit("transfer", &body).await.expect(201);
    assert_eq!(posted["to_account_id"], pair.to);
    refusals! {
        alice => POST "/api/transactions/transfer" (pair.body("1.001"))
            => 422 "amount_invalid" "/amount";
        alice => GET "/api/transactions/{UNKNOWN_ID}" => 404 "not_found";
    }
    assert_eq!(alice.balance(&pair.from).await, "18.50");
    assert_eq!(bob.balance(&pair.to).await, "81.50");
}

/// Alice pays Bob 10.00, of which 0.50 stay with Carol, and the bank takes all of it back.
#[tokio::test]
async fn post_postings_and_id_reverse() {
    let bank = Bank::shared().await;
    let (pair, carol) = (bank.pair().await, bank.customer().await);
    let teller = bank.staff("teller").await;
    let fees = carol.open_account("EUR").await;
    let body = json!({"reference": "order 7", "metadata": {"order": "7"}, "entries": [
        entry(&pair.from, "debit", "10.00", "EUR"), entry(&pair.to, "credit", "9.50", "EUR"),
        entry(&fees, "credit", "0.50", "EUR"),
    ]});
    let posted = pair.alice.submit("postings", &body).await.expect(201);
    assert_has(&posted, &body);
    assert_json!(posted, {
        "type": "posting", "status": "posted", "from_account_id": null, "to_account_id": null,
        "amount": null, "currency": null, "decline_code": null,
    });
    // What Alice pays to others is not Bob's to know.
    let bobs = entry(&pair.to, "credit", "9.50", "EUR");
    let seen = pair.bob.transaction(&posted["id"]).await;
    assert_json!(seen, {"entries": [bobs], "metadata": null});

    let accounts = [
        (&pair.alice, &pair.from, "90.00", "100.00"),
        (&pair.bob, &pair.to, "9.50", "0.00"),
        (&carol, &fees, "0.50", "0.00"),
    ];
    for (person, id, balance, _) in accounts {
        assert_eq!(person.balance(id).await, balance);
        let events = person.feed("/api/transactions/events", 0, 100).await;
        let event = events.last().expect("an event");
        assert_json!(event, {"type": "posting.posted", "data": {"id": posted["id"]}});
    }
    let path = format!("/api/transactions/{}/reverse", text(&posted["id"]));
    refusals! {
        pair.alice => POST "{path}" => 403 "forbidden";
        pair.alice => POST "/api/transactions/postings" {"entries": []}
            => 422 "validation_failed" "/entries";
    }
    let body = json!({"reference": "goodwill"});
    let reverse = format!("{}/reverse", text(&posted["id"]));
    let reversed = teller.submit(&reverse, &body).await.expect(201);
    assert_json!(reversed, {
        "type": "reversal", "reverses": posted["id"], "reference": "goodwill", "amount": null,
    });
    let seen = pair.alice.transaction(&posted["id"]).await;
    assert_json!(seen, {"status": "reversed", "reversed_by": reversed["id"]});
    refusals! { teller => POST "{path}" => 422 "already_reversed"; }
    for (person, id, _, balance) in accounts {
        assert_eq!(person.balance(id).await, balance);
    }
}

#[tokio::test]
async fn get_events_of_those_they_concern_once_and_in_order() {
    const EVENTS: &str = "/api/transactions/events";
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    pair.send("10.00").await;
    let declined = pair.alice.submit("transfer", &pair.body("1000")).await;
    declined.refused(422, "insufficient_funds");
    for (reader, expected) in rows! {
        (&pair.alice, "deposit.posted transfer.posted transfer.declined"),
        (&pair.bob, "transfer.posted"),
        (&bank.customer().await, ""),
    } {
        let events = reader.feed(EVENTS, 0, 2).await;
        let types: Vec<_> = events.iter().map(|event| text(&event["type"])).collect();
        assert_eq!(types.join(" "), expected);
    }
    let page = pair.alice.get(EVENTS).await;
    let rate = page.header("ratelimit").unwrap_or_default();
    assert!(rate.contains("by subject\";r="), "{rate}");
    let all = bank.staff("auditor").await.feed(EVENTS, 0, 1_000).await;
    assert!(all.len() >= 3, "{all:?}");
    for (event, sequence) in all.iter().zip(1..) {
        assert_eq!(event["sequence"], sequence);
    }
    refusals! { pair.alice => GET "{EVENTS}?limit=1001" => 422 "validation_failed" "/limit"; }
}

#[tokio::test]
async fn every_call_that_moves_money_needs_an_idempotency_key_of_its_shape() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, admin) = (&pair.alice, &pair.admin);
    let (eur, good) = (cash(&pair.from, "1.00", "EUR"), pair.body("1.00"));
    for (person, call, body) in rows! {
        (admin, "deposit", &eur), (alice, "withdraw", &eur),
        (alice, "transfer", &good), (alice, "send", &good), (alice, "holds", &good),
        (alice, "postings", &pair.posting("1.00")), (alice, "schedules", &good),
        (alice, "batch", &json!({"transfers": [good], "atomic": true})),
    } {
        let path = format!("/api/transactions/{call}");
        let unkeyed = person.post(&path).json(body).await;
        unkeyed.refused(400, "idempotency_key_missing");
        let wrong = person.post(&path).key("two words").json(body).await;
        wrong.refused(400, "idempotency_key_invalid");
    }
    assert_eq!(alice.balance(&pair.from).await, "100.00");
}
