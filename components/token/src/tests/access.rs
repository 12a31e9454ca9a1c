//! Goal: an access token is the RFC 9068 profile that the host signs, true of its session.

use super::kit::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

#[test]
fn a_token_has_the_header_and_the_claims_of_the_profile() {
    let (_, tokens) = Bank::with_session();
    let (header, _) = tokens.access_token.split_once('.').unwrap();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let expected = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": "the-key"});
    assert_eq!(header, expected);

    let mut claims = claims(&tokens.access_token);
    let members = claims.as_object_mut().unwrap();
    assert!(members.remove("exp").is_some());
    let jti = members.remove("jti").unwrap();
    assert!(jti.as_str().unwrap().parse::<Uuid>().is_ok());
    let now = START_MS / 1_000;
    let expected = json!({
        "iss": "https://bank.example", "aud": "strongroom", "client_id": "strongroom",
        "sub": ALICE, "sid": tokens.session, "sv": 1, "role": "customer", "scope": "accounts",
        "iat": now, "nbf": now,
    });
    assert_eq!(claims, expected);
}

#[test]
fn expires_in_is_true_and_jitters_by_at_most_a_twentieth() {
    let bank = Bank::new();
    let mut lifetimes = BTreeSet::new();
    for _ in 0..200 {
        let tokens = bank.issue();
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
    let mut bank = Bank::new();
    bank.0.settings.session_absolute_ms = 40_000;
    assert_eq!(bank.issue().expires_in, 40);
}

#[test]
fn introspection_describes_an_active_token_and_no_other() {
    let (bank, tokens) = Bank::with_session();
    let shown = |token: &str| json_of(bank.introspect(token).unwrap());
    assert_json!(shown(&tokens.access_token), {"active": true, "token_type": "Bearer"});
    assert_json!(shown(&tokens.refresh_token), {"active": true, "sub": ALICE});
    bank.end_session(tokens.session, ALICE).unwrap();
    for token in [&*tokens.refresh_token, "", "srt_", "a.b.c", "garbage"] {
        assert_eq!(shown(token), json!({"active": false}), "{token}");
    }
}
