//! What a key does not open, and whom a component sees behind one that opens.

use strongroom_tests::api_key::ApiKey;
use strongroom_tests::bank::{PASSWORD, UNKNOWN_ID};
use strongroom_tests::client::Call;
use strongroom_tests::{Bank, assert_parts, json, text};

const GUARDED: &str = "/api/guarded/seen-headers";

/// A call, for a customer if one is named.
fn on_behalf_of(customer: Option<&str>, call: Call) -> Call {
    match customer {
        Some(customer) => call.header("x-on-behalf-of", customer),
        None => call,
    }
}

#[tokio::test]
async fn an_unknown_and_a_revoked_key_are_401_like_a_bad_token() {
    let bank = Bank::shared().await;
    let admin = bank.admin().await;
    let key = ApiKey::create(&admin, &["guarded:read"]).await;
    let secret = key.token();
    let (short, long) = (&secret[..secret.len() - 1], format!("sk_{secret}"));
    for unknown in ["sk_", short, &long, &secret.to_ascii_lowercase()] {
        let client = bank.client().with_token(unknown);
        client.get(GUARDED).await.bad_token();
    }
    assert_eq!(key.get(GUARDED).await.status, 200);
    key.revoke(&admin).await;
    key.get(GUARDED).await.bad_token();
}

#[tokio::test]
async fn a_call_without_its_scope_is_403_and_says_which_is_missing() {
    let bank = Bank::shared().await;
    let admin = bank.admin().await;
    let reader = ApiKey::create(&admin, &["guarded:read", "accounts:read"]).await;
    let writer = ApiKey::create(&admin, &["guarded:write", "journal:read"]).await;
    for (key, method, path, missing) in [
        (&reader, "POST", "/api/guarded/echo", "guarded:write"),
        (&reader, "GET", "/api/accounts/journal", "journal:read"),
        (&reader, "GET", "/api/auth/me", "auth:read"),
        (&writer, "GET", GUARDED, "guarded:read"),
        (&writer, "GET", "/api/accounts/events", "accounts:read"),
        (&writer, "POST", "/api/accounts", "accounts:write"),
    ] {
        for customer in [None, Some(UNKNOWN_ID)] {
            let answer = on_behalf_of(customer, key.call(method, path)).await;
            let document = answer.refused(403, "insufficient_scope");
            assert_parts(text(&document["detail"]), &[&format!("`{missing}`")]);
            let challenge = format!(
                r#"Bearer realm="strongroom", error="insufficient_scope", scope="{missing}""#
            );
            assert_eq!(answer.header("www-authenticate"), Some(&*challenge));
        }
    }
    writer.read("/api/accounts/journal").await;
    // For a customer it is what a customer may not do, whatever the scopes.
    let journal = writer.get("/api/accounts/journal");
    let journal = on_behalf_of(Some(UNKNOWN_ID), journal).await;
    journal.refused(403, "forbidden");
}

#[tokio::test]
async fn a_customer_is_one_uuid_of_another_than_the_client_and_nobody_s_but_a_key_s() {
    let bank = Bank::shared().await;
    let (admin, customer) = (bank.admin().await, bank.customer().await);
    let key = ApiKey::create(&admin, &["guarded:read"]).await;
    let call = |customer: &str| on_behalf_of(Some(customer), key.get(GUARDED));
    let twice = on_behalf_of(Some(UNKNOWN_ID), call(UNKNOWN_ID));
    for wrong in [call(""), call("nobody"), call(&key.client_id), twice] {
        let document = wrong.await.refused(400, "bad_request");
        assert_parts(text(&document["detail"]), &["`x-on-behalf-of`"]);
    }
    for person in [&customer, &admin] {
        for other in [UNKNOWN_ID, &customer.id, "nobody"] {
            let refused = on_behalf_of(Some(other), person.get(GUARDED)).await;
            refused.refused(403, "forbidden");
        }
    }
    // On a public route neither key nor customer counts.
    let login = json!({"email": customer.email, "password": PASSWORD});
    let client = bank.client().with_token("sk_nobodys");
    let login = client.post("/api/auth/login").json(&login);
    on_behalf_of(Some("nobody"), login).await.expect(200);
}

#[tokio::test]
async fn no_key_acts_for_a_disabled_user() {
    let bank = Bank::shared().await;
    let admin = bank.admin().await;
    let key = ApiKey::create(&admin, &["guarded:read"]).await;
    let customer = bank.customer().await;
    for disabled in [true, false] {
        let change = json!({"disabled": disabled});
        admin.change_user(&customer, &change).await;
        let answer = on_behalf_of(Some(&customer.id), key.get(GUARDED)).await;
        match disabled {
            true => drop(answer.refused(403, "customer_disabled")),
            false => assert_eq!(answer.status, 200, "{}", answer.text()),
        }
        assert_eq!(key.get(GUARDED).await.status, 200);
    }
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
        (Some(&*UNKNOWN_ID.to_uppercase()), "customer", UNKNOWN_ID),
    ] {
        let seen = on_behalf_of(customer, key.get(GUARDED)).await.text();
        let role = format!("x-strongroom-role: {role}");
        let subject = format!("x-strongroom-subject: {subject}");
        let mut identity: Vec<_> = seen.lines().collect();
        identity.retain(|line| line.starts_with("x-strongroom-") && !line.contains("-address: "));
        identity.sort_unstable();
        assert_eq!(identity, [&actor, &role, &scope, &subject], "{seen}");
        for secret in ["sk_", "authorization", "x-on-behalf-of"] {
            assert!(!seen.contains(secret), "{secret}: {seen}");
        }
    }
}
