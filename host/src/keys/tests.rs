//! Only our own, unrevoked access tokens are accepted, and only such are signed.

use super::token::{LEEWAY_SECONDS, LIFETIME_SECONDS_MAX};
use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tempfile::TempDir;

mod api_keys;

struct Fixture {
    keys: Keys,
    folder: TempDir,
}

fn policy() -> TokenPolicy {
    TokenPolicy {
        issuer: "bank".to_owned(),
        audience: "customers".to_owned(),
    }
}

fn open(folder: &Path) -> Result<Keys, KeysError> {
    Keys::open(folder, policy(), TimeSource::default())
}

fn now_seconds() -> u64 {
    TimeSource::default().now_seconds()
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = open(folder.path()).unwrap();
        Self { keys, folder }
    }

    fn reopen(self) -> Self {
        let Self { keys, folder } = self;
        drop(keys);
        let keys = open(folder.path()).unwrap();
        Self { keys, folder }
    }

    fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": self.keys.ring.current().kid })
    }

    /// A token of these parts, with a good signature whatever they say.
    fn token(&self, header: &impl ToString, claims: &str) -> String {
        let input = format!("{}.{}", encode(&header.to_string()), encode(claims));
        let signature = self.keys.ring.current().sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn verify(&self, claims: &Value) -> Result<Identity, TokenError> {
        self.keys
            .verify(&self.token(&self.header(), &claims.to_string()))
    }
}

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn claims() -> Value {
    let now = now_seconds();
    json!({
        "iss": "bank", "aud": "customers", "sub": "u1", "sid": "s1", "sv": 3, "jti": "j1",
        "client_id": "strongroom", "role": "customer", "scope": "",
        "iat": now, "nbf": now, "exp": now + 300,
    })
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

#[test]
fn a_token_of_ours_is_accepted() {
    let fixture = Fixture::new();
    let identity = fixture.verify(&claims()).unwrap();
    assert_eq!(identity.subject(), "u1");
    assert_eq!(identity.session(), Some("s1"));
    assert_eq!(identity.client(), None);
    assert_eq!(identity.role(), "customer");
    let many = with(claims(), "aud", json!(["others", "customers"]));
    assert!(fixture.verify(&many).is_ok());
}

#[test]
fn every_claim_is_required() {
    let fixture = Fixture::new();
    for name in [
        "iss",
        "aud",
        "sub",
        "sid",
        "sv",
        "jti",
        "client_id",
        "role",
        "scope",
        "iat",
        "nbf",
        "exp",
    ] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert!(fixture.verify(&claims).is_err(), "{name}");
    }
}

#[test]
fn claims_that_are_not_ours_are_refused() {
    let fixture = Fixture::new();
    let now = now_seconds();
    for (name, value) in [
        ("iss", json!("other")),
        ("iss", json!(["bank"])),
        ("aud", json!("others")),
        ("aud", json!([])),
        ("sub", json!("")),
        ("sub", json!("u1\r\nx-strongroom-role: admin")),
        ("sub", json!(7)),
        ("sid", json!("")),
        ("sv", json!(-1)),
        ("sv", json!("3")),
        ("role", json!("admin\n")),
        ("role", json!("x".repeat(129))),
        ("jti", json!("")),
        ("scope", json!("accounts:read\n")),
        ("scope", json!("x".repeat(1_025))),
        ("iat", json!(now + 60)),
        ("nbf", json!(now + 60)),
        ("exp", json!(now - 6)),
        ("exp", json!(now + 302)),
        ("exp", json!(-1)),
        ("exp", json!("9999999999")),
        ("exp", json!(1e300)),
        ("extra", json!(true)),
    ] {
        assert!(
            fixture
                .verify(&with(claims(), name, value.clone()))
                .is_err(),
            "{name}: {value}"
        );
    }
}

#[test]
fn clocks_may_differ_by_the_leeway_only() {
    let fixture = Fixture::new();
    let now = now_seconds();
    let expired = |ago: u64| {
        with(
            with(claims(), "iat", json!(now - 100)),
            "exp",
            json!(now - ago),
        )
    };
    assert!(fixture.verify(&expired(3)).is_ok());
    assert_eq!(fixture.verify(&expired(7)).err(), Some(TokenError::Expired));
}

#[test]
fn headers_that_are_not_ours_are_refused() {
    let fixture = Fixture::new();
    let good = fixture.header();
    let kid = good["kid"].clone();
    let headers = [
        json!({ "alg": "EdDSA", "kid": kid }),
        json!({ "typ": "JWT", "alg": "EdDSA", "kid": kid }),
        json!({ "typ": "at+jwt", "alg": "none", "kid": kid }),
        json!({ "typ": "at+jwt", "alg": "None", "kid": kid }),
        json!({ "typ": "at+jwt", "alg": "HS256", "kid": kid }),
        json!({ "typ": "at+jwt", "alg": "ES256", "kid": kid }),
        json!({ "typ": "at+jwt", "alg": "EdDSA" }),
        json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": "other" }),
        json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": 1 }),
        json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": "../../dev/null" }),
        with(good.clone(), "crit", json!(["x"])),
        with(good.clone(), "b64", json!(false)),
        with(good.clone(), "zip", json!("DEF")),
        with(good.clone(), "jwk", json!({})),
        with(good.clone(), "jku", json!("http://127.0.0.1:1/")),
        with(good.clone(), "x5u", json!("http://127.0.0.1:1/")),
        with(good.clone(), "typ", json!("")),
        with(good.clone(), "kid", json!(null)),
    ];
    for header in headers {
        let token = fixture.token(&header, &claims().to_string());
        assert!(fixture.keys.verify(&token).is_err(), "{header}");
    }
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let fixture = Fixture::new();
    let (header, claims) = (fixture.header().to_string(), claims().to_string());
    let twice = |json: &str, member: &str| json.replacen('{', &format!("{{{member},"), 1);
    for token in [
        fixture.token(&header, &twice(&claims, r#""role":"admin""#)),
        fixture.token(&twice(&header, r#""alg":"none""#), &claims),
    ] {
        assert!(fixture.keys.verify(&token).is_err(), "{token}");
    }
}

#[test]
fn a_changed_token_is_refused() {
    let fixture = Fixture::new();
    let token = fixture.token(&fixture.header(), &claims().to_string());
    let parts: Vec<&str> = token.split('.').collect();
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    let mut flipped = signature.clone();
    flipped[10] ^= 1;
    let mut long = signature.clone();
    long.push(0);
    let changed = |signature: &[u8]| {
        format!(
            "{}.{}.{}",
            parts[0],
            parts[1],
            URL_SAFE_NO_PAD.encode(signature)
        )
    };
    for token in [
        changed(&flipped),
        changed(&long),
        changed(&signature[..63]),
        changed(&[]),
        format!("{token}="),
        format!("{token}.x"),
        format!("{}.{}", parts[0], parts[1]),
        format!(
            "{}.{}.{}",
            parts[0],
            encode(&with(claims(), "role", json!("admin")).to_string()),
            parts[2]
        ),
        String::new(),
        "..".to_owned(),
        "x".repeat(9_000),
    ] {
        assert!(fixture.keys.verify(&token).is_err(), "{token}");
    }
    assert!(fixture.keys.verify(&token).is_ok());
}

#[test]
fn the_key_signs_access_tokens_only() {
    let fixture = Fixture::new();
    let input = |header: &Value, claims: &Value| {
        format!(
            "{}.{}",
            encode(&header.to_string()),
            encode(&claims.to_string())
        )
    };
    let good = fixture.header();
    assert!(fixture.keys.sign(&input(&good, &claims())).is_ok());
    let now = now_seconds();
    let refused = [
        input(&with(good.clone(), "typ", json!("JWT")), &claims()),
        input(&with(good.clone(), "alg", json!("none")), &claims()),
        input(&with(good.clone(), "kid", json!("other")), &claims()),
        input(&with(good.clone(), "crit", json!([])), &claims()),
        input(&good, &with(claims(), "iss", json!("other"))),
        input(&good, &with(claims(), "aud", json!("other"))),
        input(
            &good,
            &with(
                claims(),
                "exp",
                json!(now + u64::from(LIFETIME_SECONDS_MAX) + 1),
            ),
        ),
        input(&good, &with(claims(), "admin", json!(true))),
        input(&good, &with(claims(), "sub", json!(""))),
        input(
            &good,
            &with(claims(), "client_id", json!("x".repeat(4_096))),
        ),
        input(
            &good,
            &with(
                with(claims(), "iat", json!(now + 60)),
                "exp",
                json!(now + 120),
            ),
        ),
        "plain text".to_owned(),
        String::new(),
    ];
    for input in refused {
        assert!(fixture.keys.sign(&input).is_err(), "{input}");
    }
}

#[test]
fn a_revoked_session_ends_and_stays_ended_over_a_restart() {
    let fixture = Fixture::new();
    fixture.keys.revocations.revoke_session("s1").unwrap();
    assert_eq!(fixture.verify(&claims()).err(), Some(TokenError::Revoked));
    let fixture = fixture.reopen();
    assert_eq!(fixture.verify(&claims()).err(), Some(TokenError::Revoked));
    assert!(fixture.verify(&with(claims(), "sid", json!("s2"))).is_ok());
}

#[test]
fn a_token_that_was_good_ends_when_it_expires_or_is_revoked() {
    let fixture = Fixture::new();
    let now = now_seconds();
    let expires = with(
        with(claims(), "iat", json!(now - 100)),
        "exp",
        json!(now - LEEWAY_SECONDS + 1),
    );
    let token = fixture.token(&fixture.header(), &expires.to_string());
    assert!(fixture.keys.verify(&token).is_ok());
    while now_seconds() <= now {
        std::thread::yield_now();
    }
    assert_eq!(fixture.keys.verify(&token).err(), Some(TokenError::Expired));
    assert!(fixture.verify(&claims()).is_ok());
    fixture.keys.revocations.revoke_session("s1").unwrap();
    assert_eq!(fixture.verify(&claims()).err(), Some(TokenError::Revoked));
}

#[test]
fn a_token_from_when_the_clock_was_ahead_is_refused_although_it_was_good_then() {
    let fixture = Fixture::new();
    let claims = claims();
    let now = claims["iat"].as_u64().unwrap();
    let token = fixture.token(&fixture.header(), &claims.to_string());
    let verify_at = |now| fixture.keys.verifier.verify(&token, now).err();
    assert_eq!(verify_at(now), None);
    assert_eq!(verify_at(now - LEEWAY_SECONDS), None);
    assert_eq!(
        verify_at(now - LEEWAY_SECONDS - 1),
        Some(TokenError::Claims)
    );
    for claim in ["iat", "nbf"] {
        let ahead = with(claims.clone(), claim, json!(now + LEEWAY_SECONDS + 2));
        assert_eq!(
            fixture.verify(&ahead).err(),
            Some(TokenError::Claims),
            "{claim}"
        );
    }
}

#[test]
fn tokens_and_api_keys_expire_by_the_time_that_moves_ahead_and_new_tokens_begin_there() {
    let fixture = Fixture::new();
    let time = &fixture.keys.time;
    let expires_at = time.now_ms() + 3_600_000;
    fixture.put(api_keys::expiring_at(expires_at)).unwrap();
    let token = fixture.token(&fixture.header(), &claims().to_string());
    assert!(fixture.keys.verify(&token).is_ok() && fixture.verify_key().is_ok());
    time.advance(Duration::from_secs(86_400)).unwrap();
    // Also a token that was not seen before.
    for token in [
        token,
        fixture.token(
            &fixture.header(),
            &with(claims(), "jti", json!("j2")).to_string(),
        ),
    ] {
        assert_eq!(fixture.keys.verify(&token).err(), Some(TokenError::Expired));
    }
    assert_eq!(fixture.verify_key().err(), Some(TokenError::ExpiredApiKey));

    let mut tomorrow = claims();
    for claim in ["iat", "nbf", "exp"] {
        tomorrow[claim] = json!(tomorrow[claim].as_u64().unwrap() + 86_400);
    }
    let input = |claims: &Value| {
        let header = encode(&fixture.header().to_string());
        format!("{header}.{}", encode(&claims.to_string()))
    };
    assert!(fixture.keys.sign(&input(&tomorrow)).is_ok());
    assert!(fixture.verify(&tomorrow).is_ok());
    assert!(fixture.keys.sign(&input(&claims())).is_err());
}

#[test]
fn a_subjects_older_tokens_end_but_for_one_session() {
    let fixture = Fixture::new();
    fixture
        .keys
        .revocations
        .revoke_subject("u1", 4, Some("s2"))
        .unwrap();
    let fixture = fixture.reopen();
    assert_eq!(fixture.verify(&claims()).err(), Some(TokenError::Revoked));
    assert!(fixture.verify(&with(claims(), "sid", json!("s2"))).is_ok());
    assert!(fixture.verify(&with(claims(), "sv", json!(4))).is_ok());
    assert!(fixture.verify(&with(claims(), "sub", json!("u2"))).is_ok());
}

#[test]
fn a_late_repeat_of_an_older_revocation_weakens_nothing() {
    let fixture = Fixture::new();
    fixture
        .keys
        .revocations
        .revoke_subject("u1", 5, None)
        .unwrap();
    fixture
        .keys
        .revocations
        .revoke_subject("u1", 2, Some("s1"))
        .unwrap();
    assert_eq!(fixture.verify(&claims()).err(), Some(TokenError::Revoked));
}

#[test]
fn of_two_revocations_that_spare_different_sessions_none_is_spared() {
    let fixture = Fixture::new();
    fixture
        .keys
        .revocations
        .revoke_subject("u1", 4, None)
        .unwrap();
    fixture
        .keys
        .revocations
        .revoke_subject("u1", 4, Some("s1"))
        .unwrap();
    assert_eq!(fixture.verify(&claims()).err(), Some(TokenError::Revoked));
}

#[test]
fn a_torn_last_line_of_the_log_is_ignored_and_any_other_stops_the_host() {
    let fixture = Fixture::new();
    fixture.keys.revocations.revoke_session("s1").unwrap();
    let log = fixture.folder.path().join("revocations.jsonl");
    let whole = std::fs::read(&log).unwrap();
    std::fs::write(&log, [&whole, &whole[..9]].concat()).unwrap();
    let fixture = fixture.reopen();
    assert_eq!(fixture.verify(&claims()).err(), Some(TokenError::Revoked));
    std::fs::write(&log, [b"rubbish\n".as_slice(), &whole].concat()).unwrap();
    assert!(open(fixture.folder.path()).is_err());
}

#[test]
fn keys_stay_over_a_restart_and_only_their_owner_may_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let token = fixture.token(&fixture.header(), &claims().to_string());
    let fixture = fixture.reopen();
    assert!(fixture.keys.verify(&token).is_ok());
    let mode = std::fs::metadata(fixture.folder.path().join("signing-keys.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_that_others_may_read_or_a_folder_that_they_may_write_to_is_refused() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let folder = fixture.folder.path();
    let file = |name| folder.join(name);
    for (path, mode, remedy) in [
        (file("signing-keys.json"), 0o644, "`chmod 600 "),
        (file("revocations.jsonl"), 0o640, "`chmod 600 "),
        (file("api-keys.jsonl"), 0o644, "`chmod 600 "),
        (folder.to_owned(), 0o777, "`chmod 700 "),
    ] {
        let before = path.metadata().unwrap().permissions();
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = open(folder).err().unwrap().to_string();
        let remedy = format!("{remedy}{}`", path.display());
        assert!(error.contains(&remedy), "{error}");
        set_permissions(&path, before).unwrap();
    }
    open(folder).unwrap();
}

/// RFC 8037, appendix A.
const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

#[test]
fn a_key_has_its_thumbprint_for_a_name_and_the_older_ones_verify_beside_it() {
    let fixture = Fixture::new();
    let older = fixture.token(&fixture.header(), &claims().to_string());
    let file = fixture.folder.path().join("signing-keys.json");
    let mut ring: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let keys = ring["keys"].as_array_mut().unwrap();
    keys.insert(0, json!({ "d": SEED }));
    std::fs::write(&file, ring.to_string()).unwrap();
    let fixture = fixture.reopen();
    assert!(fixture.keys.verify(&older).is_ok() && fixture.verify(&claims()).is_ok());
    let name = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    assert_eq!(fixture.header()["kid"], name);
}

#[test]
fn a_broken_key_file_is_refused_by_name() {
    let fixture = Fixture::new();
    let file = fixture.folder.path().join("signing-keys.json");
    let twice = json!({ "keys": vec![json!({ "d": SEED }); 2] }).to_string();
    for content in [
        "",
        "{}",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"d":"AAAA"}]}"#,
        &twice,
    ] {
        std::fs::write(&file, content).unwrap();
        let error = open(fixture.folder.path()).err().unwrap().to_string();
        assert!(error.contains("signing-keys.json"), "{error}");
    }
}

#[test]
fn the_public_set_holds_no_private_part() {
    let fixture = Fixture::new();
    let set: Value = serde_json::from_str(fixture.keys.public_set()).unwrap();
    let mut members: Vec<_> = set["keys"][0]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    members.sort();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
}
