//! Who a component sees behind a key.

use strongroom_tests::api_key::ApiKey;
use strongroom_tests::bank::{PASSWORD, UNKNOWN_ID};
use strongroom_tests::{Bank, json};

/// The lines of the identity among the headers that a component has seen.
fn identity(seen: &str) -> Vec<&str> {
    let mut lines: Vec<_> = seen.lines().collect();
    lines.retain(|line| line.starts_with("x-strongroom-") && !line.contains("-address: "));
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn a_component_sees_the_client_and_the_customer_for_whom_it_acts() {
    let bank = Bank::shared().await;
    let key = ApiKey::create(&bank.admin().await, &["guarded:read", "accounts:read"]).await;
    let client = &key.client_id;
    let scope = "x-strongroom-scope: guarded:read accounts:read".to_owned();
    let actor = format!("x-strongroom-actor: {client}");
    for (customer, role, subject) in [
        (None, "service", client.as_str()),
        (Some(UNKNOWN_ID), "customer", UNKNOWN_ID),
    ] {
        let mut call = key.get("/api/guarded/seen-headers");
        if let Some(customer) = customer {
            call = call.header("x-on-behalf-of", &customer.to_uppercase());
        }
        let answer = call.await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = answer.text();
        let role = format!("x-strongroom-role: {role}");
        let subject = format!("x-strongroom-subject: {subject}");
        assert_eq!(identity(&seen), [&actor, &role, &scope, &subject], "{seen}");
        for secret in ["sk_", "authorization", "x-on-behalf-of"] {
            assert!(!seen.contains(secret), "{secret}: {seen}");
        }
    }
}

#[tokio::test]
async fn on_a_public_route_neither_key_nor_customer_counts() {
    let bank = Bank::shared().await;
    let person = bank.customer().await;
    let login = json!({"email": person.email, "password": PASSWORD});
    let client = bank.client().with_token("sk_nobodys");
    let call = client.post("/api/auth/login").json(&login);
    call.header("x-on-behalf-of", "nobody").await.expect(200);
}
