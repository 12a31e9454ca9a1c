//! What a key does not open.

use strongroom_tests::api_key::ApiKey;
use strongroom_tests::bank::UNKNOWN_ID;
use strongroom_tests::{Bank, assert_parts, json, text, wait_for};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const GUARDED: &str = "/api/guarded/seen-headers";

#[tokio::test]
async fn an_unknown_an_expired_and_a_revoked_key_are_401_like_a_bad_token() {
    let bank = Bank::shared().await;
    let admin = bank.admin().await;
    let key = ApiKey::create(&admin, &["guarded:read"]).await;
    let secret = key.token();
    for unknown in [
        "sk_",
        "sk_unknown",
        &secret[..secret.len() - 1],
        &format!("{secret}A"),
        &format!("sk_{secret}"),
        &secret.to_ascii_lowercase(),
    ] {
        let client = bank.client().with_token(unknown);
        client.get(GUARDED).await.bad_token();
    }
    assert_eq!(key.get(GUARDED).await.status, 200);

    let expiry = OffsetDateTime::now_utc() + time::Duration::seconds(3);
    let expires_at = expiry.format(&Rfc3339).expect("a time");
    let body = json!({"name": "short", "scopes": ["guarded:read"], "expires_at": expires_at});
    let short = ApiKey::of(&admin, &body).await;
    wait_for("the key to expire", 30, async || {
        let answer = short.get(GUARDED).await;
        (answer.status != 200).then(|| answer.bad_token())
    })
    .await;
    let a_millisecond_later = OffsetDateTime::now_utc() + time::Duration::milliseconds(1);
    assert!(a_millisecond_later >= expiry);

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
        (&reader, "DELETE", "/api/guarded/echo", "guarded:write"),
        (&reader, "GET", "/api/accounts/journal", "journal:read"),
        (&reader, "GET", "/api/auth/me", "auth:read"),
        (&writer, "GET", GUARDED, "guarded:read"),
        (&writer, "GET", "/api/accounts/events", "accounts:read"),
        (&writer, "POST", "/api/accounts", "accounts:write"),
    ] {
        for customer in [None, Some(UNKNOWN_ID)] {
            let mut call = key.call(method, path);
            if let Some(customer) = customer {
                call = call.header("x-on-behalf-of", customer);
            }
            let answer = call.await;
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
    let journal = journal.header("x-on-behalf-of", UNKNOWN_ID).await;
    journal.refused(403, "forbidden");
}

#[tokio::test]
async fn a_customer_is_one_uuid_of_another_than_the_client() {
    let bank = Bank::shared().await;
    let key = ApiKey::create(&bank.admin().await, &["guarded:read"]).await;
    let call = |customer: &str| key.get(GUARDED).header("x-on-behalf-of", customer);
    let twice = call(UNKNOWN_ID).header("x-on-behalf-of", UNKNOWN_ID);
    for wrong in [call(""), call("nobody"), call(&key.client_id), twice] {
        let document = wrong.await.refused(400, "bad_request");
        assert_parts(text(&document["detail"]), &["`x-on-behalf-of`"]);
    }
}

#[tokio::test]
async fn a_person_acts_for_nobody_else() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    for person in [&customer, &bank.admin().await] {
        for other in [UNKNOWN_ID, &customer.id, "nobody"] {
            let call = person.get(GUARDED).header("x-on-behalf-of", other);
            call.await.refused(403, "forbidden");
        }
    }
}

#[tokio::test]
async fn no_key_acts_for_a_disabled_user() {
    let bank = Bank::shared().await;
    let admin = bank.admin().await;
    let key = ApiKey::create(&admin, &["guarded:read"]).await;
    let customer = bank.customer().await;
    let for_customer = || key.get(GUARDED).header("x-on-behalf-of", &customer.id);
    assert_eq!(for_customer().await.status, 200);
    let (disable, enable) = (json!({"disabled": true}), json!({"disabled": false}));
    admin.change_user(&customer, &disable).await;
    for_customer().await.refused(403, "customer_disabled");
    assert_eq!(key.get(GUARDED).await.status, 200);
    admin.change_user(&customer, &enable).await;
    assert_eq!(for_customer().await.status, 200);
}
