//! The `idempotency-key` of calls that make something outside of transactions: what a repeated
//! request gets. The rules are in `components/sdk/src/idempotency`.

use strongroom_tests::bank::{PASSWORD, new_email, new_key};
use strongroom_tests::race::at_once;
use strongroom_tests::{Answer, Bank, Person, Value, assert_json, json};

/// A call, the list of what it makes, a body, and another body.
fn calls() -> [(&'static str, &'static str, Value, Value); 5] {
    let account = |name| json!({"type": "checking", "currency": "EUR", "name": name});
    let key = |name| json!({"name": name, "scopes": ["accounts:read"]});
    let webhook = |path| json!({"url": format!("http://127.0.0.1:9/{path}")});
    let [accounts, webhooks, keys] = ["/api/accounts", "/api/webhooks", "/api/auth/keys"];
    let (register, users) = ("/api/auth/register", "/api/auth/users");
    let customer = json!({"email": new_email(), "password": PASSWORD});
    let teller = json!({"email": new_email(), "password": PASSWORD, "role": "teller"});
    let named = |user: &Value| {
        let mut named = user.clone();
        named["name"] = json!("Ada");
        named
    };
    [
        (accounts, accounts, account("first"), account("second")),
        (webhooks, webhooks, webhook("first"), webhook("second")),
        (keys, keys, key("first"), key("second")),
        (register, users, customer.clone(), named(&customer)),
        (users, users, teller.clone(), named(&teller)),
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_makes_nothing_and_gets_the_first_answer_without_its_secret() {
    let bank = Bank::start().await;
    let admin = bank.admin().await;
    for (path, list, body, other) in calls() {
        let key = new_key();
        let first = admin.post(path).key(&key).json(&body).await;
        assert!(!first.replayed(), "{path}");
        let made = objects(&admin, list).await;
        for key in [key.clone(), format!("\"{key}\"")] {
            let again = admin.post(path).key(&key).json(&body).await;
            assert!(again.replayed(), "{path}");
            assert_eq!(again.expect(201), without_secret(&first), "{path}");
        }
        let reused = admin.post(path).key(&key).json(&other).await;
        reused.refused(422, "idempotency_key_reused");
        let invalid = admin.post(path).key("a key").json(&body).await;
        invalid.refused(400, "idempotency_key_invalid");
        assert_eq!(objects(&admin, list).await, made, "{path}");
        // Without a key, each request is another.
        let unkeyed = admin.post(path).json(&body).await;
        assert!(!unkeyed.replayed(), "{path}");
        match list {
            "/api/auth/users" => drop(unkeyed.refused(409, "email_taken")),
            _ => assert_ne!(unkeyed.expect(201)["id"], first.expect(201)["id"]),
        }
        // Of two registrations at once, `components/auth` says the same: hashes have few places.
        if list == "/api/auth/users" {
            continue;
        }
        // Of twenty at once, one makes something.
        let (key, before) = (new_key(), objects(&admin, list).await);
        let answers = at_once((0..20).map(|_| admin.post(path).key(&key).json(&body))).await;
        let first = answers.iter().find(|answer| !answer.replayed());
        let expected = without_secret(first.expect("a first answer"));
        for answer in &answers {
            assert_eq!(without_secret(answer), expected, "{path}");
        }
        let replayed = answers.iter().filter(|answer| answer.replayed()).count();
        assert_eq!((replayed, objects(&admin, list).await), (19, before + 1));
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
