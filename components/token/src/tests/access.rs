//! Goal: an access token is exactly the RFC 9068 profile that the host signs, and says the truth about its session.
//! Method: tokens are decoded and compared claim by claim.

use super::*;

#[test]
fn a_token_has_the_header_and_the_claims_of_the_profile() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    let header = tokens.access_token.split('.').next().unwrap();
    let header: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert_eq!(
        header,
        serde_json::json!({"typ": "at+jwt", "alg": "EdDSA", "kid": "the-key"})
    );

    let claims = claims(&tokens.access_token);
    assert_eq!(claims["iss"], "https://bank.example");
    assert_eq!(claims["aud"], "strongroom");
    assert_eq!(claims["client_id"], "strongroom");
    assert_eq!(claims["sub"], alice().id.to_string());
    assert_eq!(claims["sid"], tokens.session.to_string());
    assert_eq!(claims["sv"], 1);
    assert_eq!(claims["role"], "customer");
    assert_eq!(claims["scope"], "accounts");
    assert_eq!(claims["iat"], START_MS / 1_000);
    assert_eq!(claims["nbf"], claims["iat"]);
    assert!(
        claims["jti"]
            .as_str()
            .is_some_and(|id| id.parse::<Uuid>().is_ok())
    );
    assert_eq!(claims.as_object().unwrap().len(), 12);
}

#[test]
fn expires_in_is_true_and_jitters_by_at_most_a_twentieth() {
    let scene = Scene::new();
    let mut lifetimes = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let tokens = scene.issue(&alice());
        let claims = claims(&tokens.access_token);
        let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(lifetime, i64::from(tokens.expires_in));
        assert!((285..=300).contains(&lifetime), "{lifetime}");
        lifetimes.insert(lifetime);
    }
    assert!(lifetimes.len() > 5, "{lifetimes:?}");
}

#[test]
fn a_token_never_outlives_its_session() {
    let mut scene = Scene::new();
    scene.service.settings.session_absolute_ms = 40_000;
    assert_eq!(scene.issue(&alice()).expires_in, 40);
}

#[test]
fn introspection_tells_what_works_and_nothing_of_what_does_not() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    let told =
        |token: &str| serde_json::to_value(scene.service.introspect(token).unwrap()).unwrap();
    assert_eq!(told(&tokens.access_token)["active"], true);
    assert_eq!(told(&tokens.access_token)["token_type"], "Bearer");
    assert_eq!(told(&tokens.refresh_token)["active"], true);
    assert_eq!(told(&tokens.refresh_token)["sub"], alice().id.to_string());
    let inactive = serde_json::json!({"active": false});
    scene
        .service
        .end_session(tokens.session, alice().id)
        .unwrap();
    for token in [
        tokens.refresh_token.as_str(),
        "",
        "srt_",
        "a.b.c",
        "garbage",
    ] {
        assert_eq!(told(token), inactive, "{token}");
    }
}
