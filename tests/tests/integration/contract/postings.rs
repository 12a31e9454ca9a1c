//! `POST /api/transactions/postings`: several debits and credits as one transaction. What is
//! refused and declined, the tests of `components/transaction/src/api` and of the ledger say.

use strongroom_tests::bank::{Pair, UNKNOWN_ID, entry};
use strongroom_tests::{Bank, Value, assert_json, json, list, refusals, text};

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
        let path = format!("/api/transactions?account_id={id}&limit=1");
        let page = person.read(&path).await;
        assert_eq!(page["data"][0]["id"], posted["id"]);
        let events = person.read("/api/transactions/events").await;
        let event = list(&events["data"]).last().expect("an event");
        assert_json!(event, {"type": "posting.posted", "data": {"id": posted["id"]}});
    }
    // What Alice pays to others is not Bob's to know.
    let seen = pair.bob.transaction(&posted["id"]).await;
    let bobs = entry(&pair.to, "credit", "9.50", "EUR");
    assert_eq!(seen["entries"], json!([bobs]));
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
    refusals! { pair.alice => POST "/api/transactions/{reverse}" => 403 "forbidden"; }
    let body = json!({"reference": "goodwill"});
    let reversed = teller.submit(&reverse, &body).await.expect(201);
    assert_json!(reversed, {
        "type": "reversal", "reverses": posted["id"], "reference": "goodwill", "amount": null,
        "entries": [
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
async fn a_wrong_posting_names_the_entry_and_moves_nothing() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, from) = (&pair.alice, &pair.from);
    let two = |first: Value| json!({"entries": [first, entry(&pair.to, "credit", "1.00", "EUR")]});
    let path = "/api/transactions/postings";
    refusals! {
        alice => POST "{path}" {} => 422 "validation_failed" "/entries";
        alice => POST "{path}" (two(entry(from, "sideways", "1.00", "EUR")))
            => 422 "validation_failed" "/entries/0/direction";
        alice => POST "{path}" (two(entry(from, "debit", "1.01", "EUR")))
            => 422 "posting_unbalanced" "/entries";
        alice => POST "{path}" (two(entry(UNKNOWN_ID, "debit", "1.00", "EUR")))
            => 404 "account_not_found" "/entries/0/account_id";
    }
    assert_eq!(alice.balance(from).await, "100.00");
    assert!(pair.bob.entries(&pair.to).await.is_empty());
}
