//! `/api/token`: the shape of each call. The rules are in the tests of `components/token`.

use strongroom_tests::{Answer, Bank, assert_json, forge, json, list, refusals, text};

async fn revoke(bank: &Bank, token: &str) -> Answer {
    let body = json!({"token": token});
    bank.post("/api/token/revoke", &body).await
}

#[tokio::test]
async fn post_refresh_and_revoke() {
    let bank = Bank::shared().await;
    let (customer, client) = (bank.customer().await, bank.client());
    refusals! {
        client => POST "/api/token/refresh" {} => 422 "validation_failed" "/refresh_token";
        client => POST "/api/token/refresh" {"refresh_token": 1}
            => 422 "validation_failed" "/refresh_token";
        client => POST "/api/token/refresh" {"refresh_token": "no such token"}
            => 400 "invalid_grant";
    }
    let auth = bank.refresh(&customer.refresh_token).await.expect(200);
    assert_json!(auth, auth["auth"]);
    assert_ne!(auth["refresh_token"], customer.refresh_token, "rotated");
    let token = text(&auth["access_token"]);
    assert_eq!(bank.me(token).await.expect(200)["id"], customer.id);
    let forged = forge::Token::parse(token).sign_with_own_key();
    for nothing in ["", "no such token", &forged] {
        assert_eq!(revoke(bank, nothing).await.status, 200, "{nothing}");
    }
    customer.read("/api/auth/me").await;
    assert_eq!(revoke(bank, token).await.status, 200);
    customer.get("/api/auth/me").await.bad_token();
    let refresh = bank.refresh(text(&auth["refresh_token"])).await;
    refresh.refused(400, "invalid_grant");
}

#[tokio::test]
async fn post_introspect() {
    let bank = Bank::shared().await;
    let (customer, auditor) = (bank.customer().await, bank.staff("auditor").await);
    let introspect = async |token: &str| {
        let body = json!({"token": token});
        let answer = auditor.post("/api/token/introspect").json(&body).await;
        answer.expect(200)
    };
    let active = introspect(customer.token()).await;
    assert_json!(active, {"active": true, "sub": customer.id});
    customer.post("/api/auth/logout").await.expect_no_content();
    let forged = forge::Token::parse(auditor.token()).sign_with_own_key();
    for dead in [customer.token(), &customer.refresh_token, &forged, "x", ""] {
        // And nothing more (RFC 7662 section 2.2).
        assert_eq!(introspect(dead).await, json!({"active": false}));
    }
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
    let mut keys = list(&set["keys"]).iter();
    let key = keys.find(|key| key["kid"] == token.header["kid"]);
    let key = key.expect("the key");
    assert_json!(key, {"kty": "OKP", "crv": "Ed25519"});
    let key: [u8; 32] = forge::decode(text(&key["x"])).try_into().expect("32 bytes");
    let key = ed25519_dalek::VerifyingKey::from_bytes(&key).expect("a point");
    let signature = ed25519_dalek::Signature::from_slice(&token.signature).expect("64 bytes");
    let (signed, _signature) = customer.token().rsplit_once('.').expect("a JWT");
    let verified = key.verify_strict(signed.as_bytes(), &signature);
    verified.expect("everyone can verify");
}
