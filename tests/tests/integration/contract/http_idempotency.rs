//! The `idempotency-key` of calls that make something outside of transactions: what a repeated
//! request gets. The rules are in `components/sdk/src/idempotency`.

use strongroom_tests::bank::new_key;
use strongroom_tests::race::at_once;
use strongroom_tests::{Answer, Bank, Person, Value, assert_json, json};

/// A call, a body, and another body.
fn calls() -> [(&'static str, Value, Value); 3] {
    let account = |name| json!({"type": "checking", "currency": "EUR", "name": name});
    let key = |name| json!({"name": name, "scopes": ["accounts:read"]});
    let webhook = |path| json!({"url": format!("http://127.0.0.1:9/{path}")});
    [
        ("/api/accounts", account("first"), account("second")),
        ("/api/webhooks", webhook("first"), webhook("second")),
        ("/api/auth/keys", key("first"), key("second")),
    ]
}

async fn objects(person: &Person, path: &str) -> usize {
    person.all(&format!("{path}?limit=500")).await.len()
}

/// The first answer, as a repeated request gets it.
fn without_secret(first: &Answer) -> Value {
    let mut body = first.expect(201);
    if let Some(secret) = body.get_mut("secret") {
        *secret = Value::Null;
    }
    body
}

#[tokio::test]
async fn a_repeated_request_makes_nothing_and_gets_the_first_answer_without_its_secret() {
    let bank = Bank::start().await;
    let admin = bank.admin().await;
    for (path, body, other) in calls() {
        let key = new_key();
        let first = admin.post(path).key(&key).json(&body).await;
        assert!(!first.replayed(), "{path}");
        let made = objects(&admin, path).await;
        for key in [key.clone(), format!("\"{key}\"")] {
            let again = admin.post(path).key(&key).json(&body).await;
            assert!(again.replayed(), "{path}");
            assert_eq!(again.expect(201), without_secret(&first), "{path}");
        }
        let reused = admin.post(path).key(&key).json(&other).await;
        reused.refused(422, "idempotency_key_reused");
        let invalid = admin.post(path).key("a key").json(&body).await;
        invalid.refused(400, "idempotency_key_invalid");
        assert_eq!(objects(&admin, path).await, made, "{path}");
        // Without a key, each request makes one.
        let unkeyed = admin.post(path).json(&body).await;
        assert!(!unkeyed.replayed(), "{path}");
        assert_ne!(unkeyed.expect(201)["id"], first.expect(201)["id"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_requests_at_once_with_one_key_one_makes_something() {
    let bank = Bank::start().await;
    let admin = bank.admin().await;
    for (path, body, _) in calls() {
        let key = new_key();
        let before = objects(&admin, path).await;
        let answers = at_once((0..20).map(|_| admin.post(path).key(&key).json(&body))).await;
        let first = answers.iter().find(|answer| !answer.replayed());
        let expected = without_secret(first.expect("a first answer"));
        for answer in &answers {
            assert_eq!(without_secret(answer), expected, "{path}");
        }
        let replayed = answers.iter().filter(|answer| answer.replayed()).count();
        assert_eq!((replayed, objects(&admin, path).await), (19, before + 1));
    }
}

#[tokio::test]
async fn a_call_that_makes_nothing_ignores_the_key() {
    let customer = Bank::shared().await.customer().await;
    let close = format!("/api/accounts/{}/close", customer.open_account("EUR").await);
    let closed = customer.post(&close).key(&new_key()).await;
    assert!(!closed.replayed());
    assert_json!(closed.expect(200), {"status": "closed"});
}
