//! Goal: each reader of the events sees those that concern them, once and in order.
//!
//! Method: payments of several kinds on the shared bank; the feed is read in pages of several
//! sizes.

use strongroom_tests::bank::{UNKNOWN_ID, transfer};
use strongroom_tests::{Bank, Person, Value, json, text};

/// All events of a reader, in pages.
async fn events(reader: &Person, limit: u64) -> Vec<Value> {
    reader.feed("/api/transactions/events", 0, limit).await
}

fn types(events: &[Value]) -> String {
    let types: Vec<_> = events.iter().map(|event| text(&event["type"])).collect();
    types.join(" ")
}

#[tokio::test]
async fn events_come_in_order_to_those_they_concern() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let alice = &pair.alice;
    pair.send("10").await;
    let declined = alice.submit("transfer", &pair.body("1000")).await;
    declined.refused(422, "insufficient_funds");
    let to_unknown = transfer(&pair.from, UNKNOWN_ID, "1000", "EUR");
    let nowhere = alice.submit("transfer", &to_unknown).await;
    nowhere.refused(422, "insufficient_funds");
    let void = alice.submit("holds", &pair.body("5")).await.expect(201);
    let void = format!("holds/{}/void", text(&void["id"]));
    alice.submit(&void, &json!({})).await.expect(201);
    let hold = alice.submit("holds", &pair.body("5")).await.expect(201);
    let capture = format!("holds/{}/capture", text(&hold["id"]));
    alice.submit(&capture, &json!({})).await.expect(201);
    let expected = "deposit.posted transfer.posted transfer.declined transfer.declined \
        hold.placed hold.voided hold.placed hold.captured";
    for limit in [1, 2, 100] {
        let seen = events(alice, limit).await;
        assert_eq!(types(&seen), expected);
        let places = seen.iter().map(|event| event["sequence"].as_u64());
        assert!(places.is_sorted_by(|one, next| one < next));
    }
    let bobs = events(&pair.bob, 100).await;
    let of_payee = "transfer.posted hold.placed hold.voided hold.placed hold.captured";
    assert_eq!(types(&bobs), of_payee);
    assert_eq!(bobs[0]["data"]["amount"], "10.00");
    assert!(events(&bank.customer().await, 100).await.is_empty());
    let all = events(&bank.staff("auditor").await, 1_000).await;
    assert!(all.len() >= expected.split(' ').count());
    for (event, sequence) in all.iter().zip(1..) {
        assert_eq!(event["sequence"], sequence);
    }
    let path = "/api/transactions/events?limit=1001";
    alice.get(path).await.refused(422, "validation_failed");
}
