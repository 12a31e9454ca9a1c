//! The notification feed, in Rust for WASI 0.3.

use crate::examples::example;
use strongroom_tests::bank::{UNKNOWN_ID, new_key};
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, Person, Value, assert_json, assert_parts, text, wait_for, workspace};

async fn add_notifications(bank: &Bank) {
    let registry = example::added_to(Registry::bank(), "notifications");
    bank.save_registry(&registry).await;
}

/// A person's notifications, newest first, once there are so many.
async fn notifications(person: &Person, count: usize) -> Vec<Value> {
    wait_for(&format!("{count} notifications"), 20, async || {
        let found = person.all("/api/notifications?limit=2").await;
        (found.len() >= count).then_some(found)
    })
    .await
}

fn events(notifications: &[Value]) -> Vec<&str> {
    let events = notifications.iter().map(|one| &one["event"]);
    events.map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_of_its_readme_works() {
    let bank = Bank::start().await;
    let (email, password) = ("ann@example.com", "quiet river under stones");
    bank.register(email, password).await.expect(201);
    let ann = Person::log_in(&bank.client(), email, password).await;
    let account = ann.open_account("EUR").await;
    bank.admin().await.deposit(&account, "1.00", "EUR").await;

    // Added to a bank that has a past.
    add_notifications(&bank).await;
    notifications(&ann, 1).await;
    let said = example::tour("notifications", &bank).await;
    assert_parts(&said, &["\"event\":\"deposited\"", "\"read_at\":\"20"]);
}

#[test]
fn it_imports_the_journal_and_not_the_ledger() {
    let component = example::built("target/components/examples/notifications.wasm");
    let imports = |name: &str| workspace::names_interface(&component, name);
    assert!(imports("strongroom:account/journal@"));
    assert!(!imports("strongroom:account/ledger@"));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_see_their_own_alone_once_also_when_it_was_away_and_mark_it_as_read() {
    let bank = Bank::start().await;
    add_notifications(&bank).await;
    let pair = bank.pair().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let key = new_key();
    for _retry in 0..2 {
        let sent = alice.transfer(&key, &pair.from, &pair.to, "12.34").await;
        sent.expect(201);
    }
    let too_much = alice.submit("transfer", &pair.body("1000.00")).await;
    too_much.refused(422, "insufficient_funds");

    let (alices, bobs) = (notifications(alice, 3).await, notifications(bob, 1).await);
    assert_eq!(events(&alices), ["declined", "sent", "deposited"]);
    assert_eq!(events(&bobs), ["received"]);
    assert_json!(bobs[0], {
        "amount": "12.34", "account_id": pair.to, "read_at": null,
        "transaction_id": alices[1]["transaction_id"],
    });
    bank.client().get("/api/notifications").await.no_token();

    let path = format!("/api/notifications/{}/read", text(&bobs[0]["id"]));
    let stranger = alice.post(&path).await;
    let absent = format!("/api/notifications/{UNKNOWN_ID}/read");
    let absent = alice.post(&absent).await;
    stranger.refused(404, "not_found");
    assert_eq!(stranger.problem_without(&[]), absent.problem_without(&[]));
    let first = bob.post(&path).await.expect(200);
    assert!(first["read_at"].is_string(), "{first}");
    assert_eq!(bob.post(&path).await.expect(200), first);
    assert_eq!(notifications(bob, 1).await, [first]);

    // Removed and added again, it goes on where it was.
    bank.save_registry(&Registry::bank()).await;
    let answer = alice.get("/api/notifications").await;
    answer.refused(404, "no_such_service");
    pair.admin.deposit(&pair.from, "2.00", "EUR").await;
    add_notifications(&bank).await;
    let all = notifications(alice, 4).await;
    assert_eq!(all[0]["amount"], "2.00");
    assert_eq!(all[1..], alices);
}
