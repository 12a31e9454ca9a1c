//! The notification feed, in Rust for WASI 0.3.

use crate::examples::example;
use strongroom_tests::bank::new_key;
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, Person, Value, json, wait_for, workspace};

async fn bank_with_notifications() -> Bank {
    let bank = Bank::start().await;
    add_notifications(&bank).await;
    bank
}

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
    let events = notifications
        .iter()
        .map(|notification| &notification["event"]);
    events
        .map(|event| event.as_str().expect("a text"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_of_its_readme_works() {
    let bank = Bank::start().await;
    let ann = json!({"email": "ann@example.com", "password": "quiet river under stones"});
    bank.client()
        .post("/api/auth/register")
        .json(&ann)
        .await
        .expect(201);
    let ann = Person::log_in(
        &bank.client(),
        "ann@example.com",
        "quiet river under stones",
    )
    .await;
    let account = ann.open_account("EUR").await;
    bank.admin().await.deposit(&account, "1.00", "EUR").await;

    // Added to a bank that has a past.
    add_notifications(&bank).await;
    notifications(&ann, 1).await;
    let said = example::tour("notifications", &bank).await;
    assert!(said.contains("\"event\":\"deposited\""), "{said}");
    assert!(said.contains("\"read_at\":\"20"), "{said}");
}

#[test]
fn it_imports_the_journal_and_not_the_ledger() {
    let component = example::built("target/components/examples/notifications.wasm");
    let imports = |name: &str| workspace::names_interface(&component, name);
    assert!(imports("strongroom:account/journal@"));
    assert!(!imports("strongroom:account/ledger@"));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_are_told_once_and_see_their_own_alone() {
    let bank = bank_with_notifications().await;
    let (alice, bob) = (bank.customer().await, bank.customer().await);
    let (from, to) = (
        alice.open_account("EUR").await,
        bob.open_account("EUR").await,
    );
    bank.admin().await.deposit(&from, "100.00", "EUR").await;
    let key = new_key();
    for _retry in 0..2 {
        alice.transfer(&key, &from, &to, "12.34").await.expect(201);
    }
    alice
        .transfer(&new_key(), &from, &to, "1000.00")
        .await
        .refused(422, "insufficient_funds");

    let (alices, bobs) = (notifications(&alice, 3).await, notifications(&bob, 1).await);
    assert_eq!(events(&alices), ["declined", "sent", "deposited"]);
    assert_eq!(events(&bobs), ["received"]);
    let received = &bobs[0];
    assert_eq!(
        (
            &received["amount"],
            &received["account_id"],
            &received["read_at"]
        ),
        (&json!("12.34"), &json!(to), &Value::Null)
    );
    assert_eq!(received["transaction_id"], alices[1]["transaction_id"]);
    bank.client().get("/api/notifications").await.no_token();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_reader_marks_their_own_as_read() {
    let bank = bank_with_notifications().await;
    let (alice, bob) = (bank.customer().await, bank.customer().await);
    let account = alice.open_account("EUR").await;
    bank.admin().await.deposit(&account, "1.00", "EUR").await;
    let id = notifications(&alice, 1).await[0]["id"].clone();
    let path = format!("/api/notifications/{}/read", id.as_str().expect("a text"));

    let stranger = bob.post(&path).await;
    let nobody = "00000000-0000-7000-8000-000000000000";
    let absent = bob.post(&format!("/api/notifications/{nobody}/read")).await;
    stranger.refused(404, "not_found");
    assert_eq!(stranger.problem_without(&[]), absent.problem_without(&[]));

    let first = alice.post(&path).await.expect(200);
    assert!(first["read_at"].is_string(), "{first}");
    assert_eq!(alice.post(&path).await.expect(200), first);
    assert_eq!(notifications(&alice, 1).await, [first]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_bank_has_told_everything_once() {
    const TRANSFERS: usize = 20;
    let mut bank = bank_with_notifications().await;
    let alice = bank.customer().await;
    let account = alice.open_account("EUR").await;
    let other = alice.open_account("EUR").await;
    bank.admin().await.deposit(&account, "100.00", "EUR").await;
    for _transfer in 0..TRANSFERS {
        alice
            .transfer(&new_key(), &account, &other, "1.00")
            .await
            .expect(201);
    }
    // In the middle of a tick, before it, or after it.
    bank.host.kill();
    bank.host.launch();
    bank.host.wait_until_ready().await;
    let alice = alice.at(&bank.host);
    alice
        .transfer(&new_key(), &account, &other, "1.00")
        .await
        .expect(201);
    let told = notifications(&alice, TRANSFERS + 2).await;
    let mut expected = vec!["moved"; TRANSFERS + 1];
    expected.push("deposited");
    assert_eq!(events(&told), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_and_added_again_it_goes_on_where_it_was() {
    let bank = bank_with_notifications().await;
    let alice = bank.customer().await;
    let account = alice.open_account("EUR").await;
    let admin = bank.admin().await;
    admin.deposit(&account, "1.00", "EUR").await;
    let first = notifications(&alice, 1).await;

    bank.save_registry(&Registry::bank()).await;
    alice
        .get("/api/notifications")
        .await
        .refused(404, "no_such_service");
    admin.deposit(&account, "2.00", "EUR").await;

    add_notifications(&bank).await;
    let both = notifications(&alice, 2).await;
    assert_eq!(both[0]["amount"], "2.00");
    assert_eq!(both[1..], first);
}
