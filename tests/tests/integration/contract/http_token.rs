//! `/api/token`: the shape of each call.

use strongroom_tests::{Answer, Bank, assert_json, forge, json, list, refusals, text};

async fn revoke(bank: &Bank, token: &str) -> Answer {
    let body = json!({"token": token});
    bank.post("/api/token/revoke", &body).await
}

#[tokio::test]
async fn post_refresh() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let client = bank.client();
    refusals! {
        client => POST "/api/token/refresh" {} => 422 "validation_failed" "/refresh_token";
        client => POST "/api/token/refresh" {"refresh_token": 1}
            => 422 "validation_failed" "/refresh_token";
        client => POST "/api/token/refresh" {"refresh_token": "no such token"}
            => 400 "invalid_grant";
    }
    let auth = bank.refresh(&customer.refresh_token).await.expect(200);
    assert_json!(auth, auth["auth"]);
    assert_eq!(auth["token_type"], "Bearer");
    let seconds = auth["expires_in"].as_u64().expect("a number");
    assert!((1..=300).contains(&seconds), "{auth}");
    assert_ne!(auth["refresh_token"], customer.refresh_token, "rotated");
    let me = bank.me(text(&auth["access_token"])).await.expect(200);
    assert_eq!(me["id"], customer.id);
}

#[tokio::test]
async fn post_revoke() {
    let bank = Bank::shared().await;
    let (one, other) = (bank.customer().await, bank.customer().await);
    let forged = forge::Token::parse(one.token()).sign_with_own_key();
    for token in ["", "no such token", &forged] {
        assert_eq!(revoke(bank, token).await.status, 200, "{token}");
    }
    one.read("/api/auth/me").await;
    // Either token of a session ends it.
    for (session, token) in [(&one, &*one.refresh_token), (&other, other.token())] {
        assert_eq!(revoke(bank, token).await.status, 200);
        session.get("/api/auth/me").await.bad_token();
        let refresh = bank.refresh(&session.refresh_token).await;
        refresh.refused(400, "invalid_grant");
    }
}

#[tokio::test]
async fn post_introspect() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let auditor = bank.staff("auditor").await;
    let introspect = async |token: &str| {
        let body = json!({"token": token});
        let answer = auditor.post("/api/token/introspect").json(&body).await;
        answer.expect(200)
    };
    let active = introspect(customer.token()).await;
    assert_json!(active, {"active": true, "sub": customer.id});
    assert!(active["exp"].is_u64(), "{active}");
    customer.post("/api/auth/logout").await.expect_no_content();
    let forged = forge::Token::parse(auditor.token()).sign_with_own_key();
    let dead = [customer.token(), &customer.refresh_token, &forged, "x", ""];
    for token in dead {
        // And nothing more (RFC 7662 section 2.2).
        assert_eq!(introspect(token).await, json!({"active": false}));
    }
    let anonymous = bank
        .post("/api/token/introspect", &json!({"token": "x"}))
        .await;
    anonymous.no_token();
}

#[tokio::test]
async fn get_jwks_verifies_tokens() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let token = forge::Token::parse(customer.token());
    let set = bank.client().read("/api/token/jwks").await;
    for path in ["/api/token/.well-known/jwks.json", "/.well-known/jwks.json"] {
        assert_eq!(bank.client().read(path).await, set);
    }
    for key in list(&set["keys"]) {
        assert_json!(key, {"kty": "OKP", "crv": "Ed25519"});
        let public = ["kty", "crv", "x", "kid", "use", "alg"];
        let mut members = key.as_object().expect("an object").keys();
        assert!(members.all(|name| public.contains(&name.as_str())), "{key}");
    }
    let mut keys = list(&set["keys"]).iter();
    let key = keys
        .find(|key| key["kid"] == token.header["kid"])
        .expect("the key");
    let key: [u8; 32] = forge::decode(text(&key["x"])).try_into().expect("32 bytes");
    let key = ed25519_dalek::VerifyingKey::from_bytes(&key).expect("a point");
    let signature = ed25519_dalek::Signature::from_slice(&token.signature).expect("64 bytes");
    let (signed, _signature) = customer.token().rsplit_once('.').expect("a JWT");
    let verified = key.verify_strict(signed.as_bytes(), &signature);
    verified.expect("everyone can verify");
}
