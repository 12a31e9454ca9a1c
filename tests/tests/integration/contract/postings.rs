//! `POST /api/transactions/postings`: several debits and credits as one transaction.

use strongroom_tests::bank::{Pair, UNKNOWN_ID, cash, entry};
use strongroom_tests::{Answer, Bank, Value, assert_json, json, list, refusals, text};

/// Alice pays Bob 10.00, of which 0.50 stay with Carol.
fn split(pair: &Pair, fees: &str) -> Value {
    let mut body = json!({"entries": [
        entry(&pair.from, "debit", "10.00", "EUR"), entry(&pair.to, "credit", "9.50", "EUR"),
        entry(fees, "credit", "0.50", "EUR"),
    ]});
    body["reference"] = json!("order 7");
    body["metadata"] = json!({"order": "7"});
    body
}

#[tokio::test]
async fn post_postings_moves_all_entries_or_none_and_is_shown_everywhere() {
    let bank = Bank::shared().await;
    let (pair, carol) = (bank.pair().await, bank.customer().await);
    let fees = carol.open_account("EUR").await;
    let body = split(&pair, &fees);
    let posted = pair.alice.submit("postings", &body).await.expect(201);
    assert_json!(posted, {
        "type": "posting", "status": "posted", "from_account_id": null, "to_account_id": null,
        "amount": null, "currency": null, "decline_code": null,
    });
    strongroom_tests::json::assert_has(&posted, &body);
    for reader in [&pair.alice, &pair.admin, &bank.staff("auditor").await] {
        strongroom_tests::json::assert_has(&reader.transaction(&posted["id"]).await, &body);
    }
    for (person, id, amount, balance) in [
        (&pair.alice, &pair.from, "10.00", "90.00"),
        (&pair.bob, &pair.to, "9.50", "9.50"),
        (&carol, &fees, "0.50", "0.50"),
    ] {
        assert_eq!(person.balance(id).await, balance);
        let entries = person.entries(id).await;
        assert_json!(entries[0], {"transaction_id": posted["id"], "amount": amount});
        let page = person
            .read(&format!("/api/transactions?account_id={id}&limit=1"))
            .await;
        assert_eq!(page["data"][0]["id"], posted["id"]);
        let events = person.read("/api/transactions/events").await;
        let event = list(&events["data"]).last().expect("an event");
        assert_json!(event, {"type": "posting.posted", "data": {"id": posted["id"]}});
    }
    // What Alice pays to others is not Bob's to know.
    let seen = pair.bob.transaction(&posted["id"]).await;
    assert_eq!(
        seen["entries"],
        json!([entry(&pair.to, "credit", "9.50", "EUR")])
    );
    assert_eq!(seen["metadata"], Value::Null);
}

#[tokio::test]
async fn a_posting_is_reversed_as_a_whole() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let posted = pair.alice.submit("postings", &pair.posting("40.00")).await;
    let posted = posted.expect(201);
    let reverse = format!("{}/reverse", text(&posted["id"]));
    let teller = bank.staff("teller").await;
    let reversed = teller.submit(&reverse, &json!({})).await.expect(201);
    assert_json!(reversed, {
        "type": "reversal", "reverses": posted["id"], "amount": null, "entries": [
            {"account_id": pair.from, "direction": "credit", "amount": "40.00"},
            {"account_id": pair.to, "direction": "debit", "amount": "40.00"},
        ],
    });
    let seen = pair.alice.transaction(&posted["id"]).await;
    assert_json!(seen, {"status": "reversed", "reversed_by": reversed["id"]});
    let again = teller.submit(&reverse, &json!({})).await;
    again.refused(422, "already_reversed");
    assert_eq!(pair.alice.balance(&pair.from).await, "100.00");
}

#[tokio::test]
async fn staff_exchange_currencies_over_two_accounts() {
    let bank = Bank::shared().await;
    let (pair, desk) = (bank.pair().await, bank.customer().await);
    let [euros, yen] = [
        desk.open_account("EUR").await,
        desk.open_account("JPY").await,
    ];
    let yens = pair.alice.open_account("JPY").await;
    let teller = bank.staff("teller").await;
    teller
        .submit("deposit", &cash(&yen, "2000", "JPY"))
        .await
        .expect(201);
    let body = json!({"entries": [
        entry(&pair.from, "debit", "10.00", "EUR"), entry(&euros, "credit", "10.00", "EUR"),
        entry(&yen, "debit", "1600", "JPY"), entry(&yens, "credit", "1600", "JPY"),
    ], "metadata": {"rate": "160"}});
    refusals! {
        pair.alice => POST "/api/transactions/postings" (body)
            => 404 "account_not_found" "/entries/2/account_id";
    }
    teller.submit("postings", &body).await.expect(201);
    assert_eq!(pair.alice.balance(&yens).await, "1600");
    assert_eq!(desk.balance(&yen).await, "400");
}

#[tokio::test]
async fn a_wrong_posting_names_the_entry_and_moves_nothing() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, bob, auditor) = (&pair.alice, &pair.bob, &bank.staff("auditor").await);
    let (from, to) = (&pair.from, &pair.to);
    let of = |entries: Vec<Value>| json!({"entries": entries});
    let two = |first: Value| of(vec![first, entry(to, "credit", "1.00", "EUR")]);
    let good = pair.posting("1.00");
    let many = vec![good["entries"][0].clone(); 101];
    let with = |member: &str, value: Value| {
        let mut body = pair.posting("1.00");
        body[member] = value;
        body
    };
    let path = "/api/transactions/postings";
    refusals! {
        alice => POST "{path}" {} => 422 "validation_failed" "/entries";
        alice => POST "{path}" (of(Vec::new())) => 422 "validation_failed" "/entries";
        alice => POST "{path}" (of(many[..1].to_vec())) => 422 "validation_failed" "/entries";
        alice => POST "{path}" (of(many)) => 422 "validation_failed" "/entries";
        alice => POST "{path}" (two(json!({}))) => 422 "validation_failed" "/entries/0/account_id";
        alice => POST "{path}" (two(entry(from, "sideways", "1.00", "EUR")))
            => 422 "validation_failed" "/entries/0/direction";
        alice => POST "{path}" (two(entry(from, "debit", "1.001", "EUR")))
            => 422 "amount_invalid" "/entries/0/amount";
        alice => POST "{path}" (two(entry(from, "debit", "-1.00", "EUR")))
            => 422 "amount_invalid" "/entries/0/amount";
        alice => POST "{path}" (two(entry(from, "debit", "1.00", "XXY")))
            => 422 "validation_failed" "/entries/0/currency";
        alice => POST "{path}" (two(entry(to, "debit", "1.00", "EUR")))
            => 422 "validation_failed" "/entries/1/account_id";
        alice => POST "{path}" (two(entry(from, "debit", "1.01", "EUR")))
            => 422 "posting_unbalanced" "/entries";
        alice => POST "{path}" (two(entry(from, "debit", "1.00", "USD")))
            => 422 "posting_unbalanced" "/entries";
        alice => POST "{path}" (two(entry(from, "credit", "1.00", "EUR")))
            => 422 "posting_unbalanced" "/entries";
        alice => POST "{path}" (two(entry(UNKNOWN_ID, "debit", "1.00", "EUR")))
            => 404 "account_not_found" "/entries/0/account_id";
        bob => POST "{path}" (good) => 404 "account_not_found" "/entries/0/account_id";
        auditor => POST "{path}" (good) => 403 "forbidden";
        alice => POST "{path}" (with("reference", json!("x".repeat(141))))
            => 422 "validation_failed" "/reference";
        alice => POST "{path}" (with("amount", json!("1.00")))
            => 422 "validation_failed" "/amount";
    }
    assert_eq!(alice.balance(from).await, "100.00");
    assert!(bob.entries(to).await.is_empty());
}

#[tokio::test]
async fn a_declined_posting_is_recorded_with_its_entry() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, bob, teller) = (&pair.alice, &pair.bob, &bank.staff("teller").await);
    let frozen = bob.open_account("EUR").await;
    teller.freeze(&frozen, &json!({})).await;
    let closed = bob.open_account("EUR").await;
    bob.close(&closed).await.expect(200);
    let dollars = bob.open_account("USD").await;
    let to = |id: &str| {
        json!({"entries": [
            entry(id, "credit", "1.00", "EUR"), entry(&pair.from, "debit", "1.00", "EUR"),
        ]})
    };
    for (body, code, index) in [
        (pair.posting("100.01"), "insufficient_funds", 0),
        (to(&frozen), "account_frozen", 0),
        (to(&closed), "account_closed", 0),
        (to(&dollars), "currency_mismatch", 0),
    ] {
        let problem = alice.submit("postings", &body).await.refused(422, code);
        let pointer = format!("/entries/{index}");
        assert_json!(problem["errors"], [{"pointer": pointer, "code": code}]);
        let found = alice.transaction(&problem["transaction_id"]).await;
        assert_json!(found, {"type": "posting", "status": "declined", "decline_code": code});
    }
    assert_eq!(alice.balance(&pair.from).await, "100.00");
}

#[tokio::test]
async fn a_repeated_posting_gets_the_same_answer() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let ask = async |key: &str, body: &Value| {
        let call = pair.alice.post("/api/transactions/postings").key(key);
        call.json(body).await
    };
    for (key, amount) in [("posted", "1.00"), ("declined", "1000.00")] {
        let key = format!("{key}-{}", strongroom_tests::bank::new_key());
        let first = ask(&key, &pair.posting(amount)).await;
        let again = ask(&key, &pair.posting(amount)).await;
        let kept = |answer: &Answer| (answer.status, answer.kept_body());
        assert_eq!(kept(&first), kept(&again));
        assert!(!first.replayed() && again.replayed());
        let other = ask(&key, &pair.posting("2.00")).await;
        other.refused(422, "idempotency_key_reused");
    }
    assert_eq!(pair.bob.balance(&pair.to).await, "1.00");
}
