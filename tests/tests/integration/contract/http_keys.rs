//! `/api/auth/keys`: the shape of each call. Who may call it is in `authorization.rs`; the rules
//! are in the tests of `components/auth`; what keys open at the gateway, the tests of `keys` say.

use strongroom_tests::api_key::ApiKey;
use strongroom_tests::bank::UNKNOWN_ID;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Bank, Value, assert_json, json, refusals, text};

#[tokio::test]
async fn post_get_and_delete_keys() {
    let bank = Bank::shared().await;
    let (admin, auditor) = (bank.admin().await, bank.staff("auditor").await);
    let body = json!({
        "name": "orders", "scopes": ["accounts:read"], "expires_at": "2999-01-31T00:00:00Z",
    });
    let mut key = admin.post("/api/auth/keys").json(&body).await.expect(201);
    let secret = key.as_object_mut().and_then(|key| key.remove("secret"));
    assert!(secret.is_some());
    assert_json!(key, {"name": "orders", "expires_at": "2999-01-31T00:00:00.000Z"});
    let (id, client) = (text(&key["id"]), text(&key["client_id"]));
    let path = format!("/api/auth/keys/{id}");
    let list = format!("/api/auth/keys?client_id={client}");
    for reader in [&admin, &auditor] {
        assert_eq!(reader.read(&path).await, key, "without the secret");
        assert_eq!(reader.all(&list).await, std::slice::from_ref(&key));
    }
    refusals! {
        admin => POST "/api/auth/keys" {"scopes": ["accounts:read"]}
            => 422 "validation_failed" "/name";
        admin => POST "/api/auth/keys" {"name": "a", "scopes": ["accounts:read", "nothing:read"]}
            => 422 "validation_failed" "/scopes/1";
        admin => POST "/api/auth/keys"
            {"name": "a", "scopes": ["accounts:read"], "secret": "sk_mine"}
            => 422 "validation_failed" "/secret";
        admin => GET "/api/auth/keys?client_id=orders" => 422 "validation_failed" "/client_id";
        admin => DELETE "/api/auth/keys/{UNKNOWN_ID}" => 404 "not_found";
    }
    for _ in 0..2 {
        admin.delete(&path).await.expect_no_content();
    }
    assert_eq!(admin.all(&list).await, [Value::Null; 0]);
    refusals! { admin => GET "{path}" => 404 "not_found"; }
    let events = admin.all(&format!("/api/auth/events?key_id={id}")).await;
    assert_json!(Value::from(events), [
        {"action": "key.revoked", "key_id": id, "actor_id": admin.id},
        {"action": "key.created", "key_id": id, "actor_id": admin.id},
    ]);
}

/// What a refused save says of `scopes` is not so.
#[tokio::test]
async fn the_scopes_of_a_key_are_those_that_the_services_ask_for() {
    let bank = Bank::start().await;
    let admin = bank.admin().await;
    let scopes = toml::toml! { "GET /events" = "feed:read" };
    let with_feed = Registry::bank().change("accounts", |service| service.set("scopes", scopes));
    let nowhere = |service: Service| service.set("component", "nowhere.wasm");
    bank.save(&with_feed.clone().change("accounts", nowhere));
    bank.host.admin().post("/services/reload").await.json(422);
    refusals! {
        admin => POST "/api/auth/keys" {"name": "a", "scopes": ["feed:read"]}
            => 422 "validation_failed" "/scopes/0";
    }
    bank.save_registry(&with_feed).await;
    ApiKey::create(&admin, &["feed:read"]).await;
}
