//! Section 4: `/api/token`.

use strongroom_tests::bank::text;
use strongroom_tests::{Answer, Bank, forge, json};

async fn post(bank: &Bank, path: &str, member: &str, token: &str) -> Answer {
    bank.client().post(path).json(&json!({member: token})).await
}

#[tokio::test]
async fn post_refresh() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let auth = post(
        bank,
        "/api/token/refresh",
        "refresh_token",
        &customer.refresh_token,
    )
    .await
    .expect(200);
    assert_eq!(auth["token_type"], "Bearer");
    assert!(
        auth["expires_in"]
            .as_u64()
            .is_some_and(|seconds| (1..=300).contains(&seconds)),
        "{auth}"
    );
    assert_ne!(auth["refresh_token"], customer.refresh_token, "rotated");
    let user = bank
        .client()
        .with_token(text(&auth["access_token"]))
        .get("/api/auth/me")
        .await
        .expect(200);
    assert_eq!(user["id"], customer.id);
}

#[tokio::test]
async fn post_refresh_invalid_grant() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    for token in ["", "no such token", customer.token(), &"x".repeat(5_000)] {
        post(bank, "/api/token/refresh", "refresh_token", token)
            .await
            .refused(400, "invalid_grant");
    }
}

#[tokio::test]
async fn post_refresh_validation_failed() {
    let bank = Bank::shared().await;
    bank.client()
        .post("/api/token/refresh")
        .json(&json!({}))
        .await
        .invalid("/refresh_token");
    bank.client()
        .post("/api/token/refresh")
        .json(&json!({"refresh_token": 1}))
        .await
        .invalid("/refresh_token");
}

#[tokio::test]
async fn post_revoke() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    assert_eq!(
        post(bank, "/api/token/revoke", "token", &customer.refresh_token)
            .await
            .status,
        200
    );
    customer.get("/api/auth/me").await.bad_token();
    post(
        bank,
        "/api/token/refresh",
        "refresh_token",
        &customer.refresh_token,
    )
    .await
    .refused(400, "invalid_grant");
}

#[tokio::test]
async fn post_revoke_of_an_access_token_ends_its_session() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    assert_eq!(
        post(bank, "/api/token/revoke", "token", customer.token())
            .await
            .status,
        200
    );
    customer.get("/api/auth/me").await.bad_token();
}

#[tokio::test]
async fn post_revoke_of_anything_else_is_200_too() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let forged = forge::Token::parse(customer.token()).sign_with_own_key();
    for token in ["", "no such token", &forged] {
        assert_eq!(
            post(bank, "/api/token/revoke", "token", token).await.status,
            200,
            "{token}"
        );
    }
    customer.get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn post_introspect() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    for role in ["admin", "auditor"] {
        let staff = bank.staff(role).await;
        let body = json!({"token": customer.token()});
        let answer = staff
            .post("/api/token/introspect")
            .json(&body)
            .await
            .expect(200);
        assert_eq!(answer["active"], true);
        assert_eq!(answer["sub"], customer.id);
        assert!(answer["exp"].is_u64(), "{answer}");
    }
}

#[tokio::test]
async fn post_introspect_of_a_dead_token() {
    let bank = Bank::shared().await;
    let (auditor, customer) = (bank.staff("auditor").await, bank.customer().await);
    customer.post("/api/auth/logout").await.expect_no_content();
    let forged = forge::Token::parse(customer.token()).sign_with_own_key();
    for token in [
        customer.token(),
        &customer.refresh_token,
        &forged,
        "garbage",
        "",
    ] {
        let answer = auditor
            .post("/api/token/introspect")
            .json(&json!({"token": token}))
            .await
            .expect(200);
        assert_eq!(
            answer,
            json!({"active": false}),
            "and nothing more (RFC 7662 section 2.2)"
        );
    }
}

#[tokio::test]
async fn post_introspect_forbidden() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let body = json!({"token": customer.token()});
    customer
        .post("/api/token/introspect")
        .json(&body)
        .await
        .problem(403);
    bank.staff("teller")
        .await
        .post("/api/token/introspect")
        .json(&body)
        .await
        .problem(403);
    bank.client()
        .post("/api/token/introspect")
        .json(&body)
        .await
        .no_token();
}

#[tokio::test]
async fn get_jwks() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let answer = bank.client().get("/api/token/jwks").await;
    let set = answer.expect(200);
    let keys = set["keys"].as_array().expect("a list of keys");
    for key in keys {
        let members: Vec<&str> = key
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        assert!(
            members
                .iter()
                .all(|name| ["kty", "crv", "x", "kid", "use", "alg"].contains(name)),
            "nothing private: {key}"
        );
        assert_eq!(
            (&key["kty"], &key["crv"]),
            (&json!("OKP"), &json!("Ed25519"))
        );
        assert_eq!(forge::decode(text(&key["x"])).len(), 32);
    }
    let header = forge::Token::parse(customer.token()).header;
    assert!(
        keys.iter().any(|key| key["kid"] == header["kid"]),
        "the key that signs is there"
    );
}

#[tokio::test]
async fn get_jwks_verifies_tokens() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let token = forge::Token::parse(customer.token());
    let set = bank.client().get("/api/token/jwks").await.expect(200);
    let key = set["keys"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|key| key["kid"] == token.header["kid"])
        .expect("the key");
    let key: [u8; 32] = forge::decode(text(&key["x"])).try_into().expect("32 bytes");
    let key = ed25519_dalek::VerifyingKey::from_bytes(&key).expect("a point");
    let signature = ed25519_dalek::Signature::from_slice(&token.signature).expect("64 bytes");
    let (signed, _signature) = customer.token().rsplit_once('.').expect("a JWT");
    key.verify_strict(signed.as_bytes(), &signature)
        .expect("anybody can verify");
}

#[tokio::test]
async fn get_well_known_jwks_json() {
    let bank = Bank::shared().await;
    let short = bank.client().get("/api/token/jwks").await.expect(200);
    let well_known = bank
        .client()
        .get("/api/token/.well-known/jwks.json")
        .await
        .expect(200);
    assert_eq!(short, well_known);
}

#[tokio::test]
async fn an_access_token_follows_rfc_9068() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let token = forge::Token::parse(customer.token());
    assert_eq!(
        (&token.header["alg"], &token.header["typ"]),
        (&json!("EdDSA"), &json!("at+jwt"))
    );
    for claim in ["iss", "aud", "sub", "client_id", "jti", "sid", "role"] {
        assert!(
            token.claims[claim].is_string(),
            "{claim} in {}",
            token.claims
        );
    }
    let seconds = |claim: &str| {
        token.claims[claim]
            .as_u64()
            .unwrap_or_else(|| panic!("{claim} in {}", token.claims))
    };
    let lifetime = seconds("exp")
        .checked_sub(seconds("iat"))
        .expect("it expires after it begins");
    assert!((1..=300).contains(&lifetime), "{lifetime} s");
    assert!(seconds("nbf") <= seconds("iat") && seconds("sv") < u64::MAX);
    assert_eq!(token.claims["sub"], customer.id);
}
