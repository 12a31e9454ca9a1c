//! Only our own, unrevoked access tokens are accepted, and only such are signed.

use super::token::LEEWAY_SECONDS;
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

fn open(folder: &Path) -> Result<Keys, KeysError> {
    let policy = TokenPolicy {
        issuer: "bank".to_owned(),
        audience: "customers".to_owned(),
    };
    Keys::open(folder, policy, TimeSource::default())
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
    fn token(&self, header: &impl ToString, claims: &impl ToString) -> String {
        let input = signing_input(header, claims);
        let signature = self.keys.ring.current().sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn verify(&self, claims: &Value) -> Result<Identity, TokenError> {
        self.keys.verify(&self.token(&self.header(), claims))
    }
}

fn signing_input(header: &impl ToString, claims: &impl ToString) -> String {
    let parts = [header.to_string(), claims.to_string()];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}

fn claims() -> Value {
    let now = now_seconds();
    json!({
        "iss": "bank", "aud": "customers", "sub": "u1", "sid": "s1", "sv": 3, "jti": "j1",
        "client_id": "strongroom", "role": "customer", "scope": "",
        "iat": now, "nbf": now, "exp": now + 300,
    })
}

fn with(mut object: Value, name: &str, value: impl Into<Value>) -> Value {
    object[name] = value.into();
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

#[test]
fn a_token_of_ours_is_accepted() {
    let fixture = Fixture::new();
    let identity = fixture.verify(&claims()).unwrap();
    assert_eq!(identity.subject(), "u1");
    assert_eq!(identity.session(), Some("s1"));
    assert_eq!(identity.client(), None);
    assert_eq!(identity.role(), "customer");
    let many = with(claims(), "aud", ["others", "customers"]);
    assert!(fixture.verify(&many).is_ok());
}

#[test]
fn every_claim_is_required() {
    let fixture = Fixture::new();
    for name in claims().as_object().unwrap().keys() {
        assert!(fixture.verify(&without(claims(), name)).is_err(), "{name}");
    }
}

#[test]
fn claims_that_are_not_ours_are_neither_accepted_nor_signed() {
    let fixture = Fixture::new();
    let now = now_seconds();
    for (name, value) in rows! {
        ("iss", json!("other")), ("iss", json!(["bank"])),
        ("aud", json!("others")), ("aud", json!([])),
        ("sub", json!("")), ("sub", json!("u1\r\nx-strongroom-role: admin")), ("sub", json!(7)),
        ("sid", json!("")), ("sv", json!(-1)), ("sv", json!("3")), ("jti", json!("")),
        ("role", json!("admin\n")), ("role", json!("x".repeat(129))),
        ("scope", json!("accounts:read\n")), ("scope", json!("x".repeat(1_025))),
        ("iat", json!(now + 60)), ("nbf", json!(now + 60)),
        ("exp", json!(now - 6)), ("exp", json!(now + 302)), ("exp", json!(-1)),
        ("exp", json!("9999999999")), ("exp", json!(1e300)), ("extra", json!(true)),
    } {
        let wrong = with(claims(), name, value);
        assert!(fixture.verify(&wrong).is_err(), "{wrong}");
        // What is not valid yet may be signed.
        let signed = fixture.keys.sign(&signing_input(&fixture.header(), &wrong));
        assert_eq!(signed.is_ok(), name == "nbf", "{wrong}");
    }
}

#[test]
fn headers_that_are_not_ours_are_neither_accepted_nor_signed() {
    let fixture = Fixture::new();
    let good = || fixture.header();
    let elsewhere = "http://127.0.0.1:1/";
    for header in rows! {
        without(good(), "typ"), with(good(), "typ", "JWT"), with(good(), "typ", ""),
        with(good(), "alg", "none"), with(good(), "alg", "None"),
        with(good(), "alg", "HS256"), with(good(), "alg", "ES256"),
        without(good(), "kid"), with(good(), "kid", "other"), with(good(), "kid", 1),
        with(good(), "kid", "../../dev/null"), with(good(), "kid", Value::Null),
        with(good(), "crit", json!(["x"])), with(good(), "b64", false),
        with(good(), "zip", "DEF"), with(good(), "jwk", json!({})),
        with(good(), "jku", elsewhere), with(good(), "x5u", elsewhere),
    } {
        let token = fixture.token(&header, &claims());
        assert!(fixture.keys.verify(&token).is_err(), "{header}");
        let signed = fixture.keys.sign(&signing_input(&header, &claims()));
        assert!(signed.is_err(), "{header}");
    }
}

#[test]
fn a_changed_token_and_one_with_a_key_twice_are_refused() {
    let fixture = Fixture::new();
    let (header, claims_now) = (fixture.header().to_string(), claims().to_string());
    let token = fixture.token(&header, &claims_now);
    let twice = |json: &str, member: &str| json.replacen('{', &format!("{{{member},"), 1);
    let (input, signature) = token.rsplit_once('.').unwrap();
    let forged = signing_input(&fixture.header(), &with(claims(), "role", "admin"));
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[10] ^= 1;
    let mut long = URL_SAFE_NO_PAD.decode(signature).unwrap();
    long.push(0);
    let signed = |signature: &[u8]| format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    for token in rows! {
        signed(&flipped), signed(&long), signed(&long[..63]), signed(&[]), format!("{token}="),
        format!("{token}.x"), input.to_owned(), format!("{forged}.{signature}"), String::new(),
        "..".to_owned(), "x".repeat(9_000),
        fixture.token(&header, &twice(&claims_now, r#""role":"admin""#)),
        fixture.token(&twice(&header, r#""alg":"none""#), &claims_now),
    } {
        assert!(fixture.keys.verify(&token).is_err(), "{token}");
    }
    assert!(fixture.keys.verify(&token).is_ok());
}

#[test]
fn the_key_signs_access_tokens_only() {
    let fixture = Fixture::new();
    let good = fixture.header();
    assert!(fixture.keys.sign(&signing_input(&good, &claims())).is_ok());
    let now = now_seconds();
    let future = with(with(claims(), "iat", now + 60), "exp", now + 120);
    let large = with(claims(), "client_id", "x".repeat(4_096));
    for input in rows! {
        signing_input(&good, &future), signing_input(&good, &large), "plain text".to_owned(),
        String::new(),
    } {
        assert!(fixture.keys.sign(&input).is_err(), "{input}");
    }
}

#[test]
fn a_revoked_session_ends_and_stays_ended_over_a_restart() {
    let mut fixture = Fixture::new();
    assert!(fixture.verify(&claims()).is_ok());
    fixture.keys.revocations.revoke_session("s1").unwrap();
    for _ in 0..2 {
        assert_eq!(fixture.verify(&claims()).err(), Some(TokenError::Revoked));
        assert!(fixture.verify(&with(claims(), "sid", "s2")).is_ok());
        fixture = fixture.reopen();
    }
}

#[test]
fn a_subjects_older_tokens_end_but_for_a_session_that_every_revocation_spares() {
    for (revocations, claim, value, is_revoked) in [
        (&[(4, Some("s2"))][..], "sid", json!("s1"), true),
        (&[(4, Some("s2"))], "sid", json!("s2"), false),
        (&[(4, Some("s2"))], "sv", json!(4), false),
        (&[(4, Some("s2"))], "sub", json!("u2"), false),
        // A late repeat of an older one weakens nothing.
        (&[(5, None), (2, Some("s1"))], "sid", json!("s1"), true),
        (&[(4, None), (4, Some("s1"))], "sid", json!("s1"), true),
    ] {
        let mut fixture = Fixture::new();
        for &(version, spared) in revocations {
            let revoked = &fixture.keys.revocations;
            revoked.revoke_subject("u1", version, spared).unwrap();
        }
        let expected = is_revoked.then_some(TokenError::Revoked);
        for _ in 0..2 {
            let outcome = fixture.verify(&with(claims(), claim, value.clone()));
            assert_eq!(outcome.err(), expected, "{revocations:?}, {claim} {value}");
            fixture = fixture.reopen();
        }
    }
}

#[test]
fn a_token_is_good_within_its_times_and_the_leeway_whether_it_was_good_before_or_not() {
    let fixture = Fixture::new();
    let claims = claims();
    let now = claims["iat"].as_u64().unwrap();
    let verify = |claims: &Value, at| {
        let token = fixture.token(&fixture.header(), claims);
        fixture.keys.verifier.verify(&token, at).err()
    };
    assert_eq!(verify(&claims, now), None);
    for (at, expected) in rows! {
        (now - LEEWAY_SECONDS, None), (now - LEEWAY_SECONDS - 1, Some(TokenError::Claims)),
        (now + 299 + LEEWAY_SECONDS, None),
        (now + 300 + LEEWAY_SECONDS, Some(TokenError::Expired)),
    } {
        for claims in [&claims, &with(claims.clone(), "jti", at.to_string())] {
            assert_eq!(verify(claims, at), expected, "{at}: {claims}");
        }
    }
    for claim in ["iat", "nbf"] {
        let ahead = with(claims.clone(), claim, now + LEEWAY_SECONDS + 1);
        assert_eq!(verify(&ahead, now), Some(TokenError::Claims), "{claim}");
    }
}

#[test]
fn tokens_and_api_keys_expire_by_the_time_that_moves_ahead_and_new_tokens_begin_there() {
    let fixture = Fixture::new();
    let time = &fixture.keys.time;
    let expires_at = time.now_ms() + 3_600_000;
    fixture.put(api_keys::expiring_at(expires_at)).unwrap();
    let token = fixture.token(&fixture.header(), &claims());
    assert!(fixture.keys.verify(&token).is_ok() && fixture.verify_key().is_ok());
    time.advance(Duration::from_secs(86_400)).unwrap();
    let unseen = fixture.token(&fixture.header(), &with(claims(), "jti", "j2"));
    for token in [token, unseen] {
        assert_eq!(fixture.keys.verify(&token).err(), Some(TokenError::Expired));
    }
    assert_eq!(fixture.verify_key().err(), Some(TokenError::ExpiredApiKey));

    let mut tomorrow = claims();
    for claim in ["iat", "nbf", "exp"] {
        tomorrow[claim] = json!(tomorrow[claim].as_u64().unwrap() + 86_400);
    }
    let sign = |claims: &Value| fixture.keys.sign(&signing_input(&fixture.header(), claims));
    assert!(sign(&tomorrow).is_ok() && fixture.verify(&tomorrow).is_ok());
    assert!(sign(&claims()).is_err());
}

#[test]
fn files_are_their_owners_alone_and_refused_when_others_may_read_or_write_them() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let folder = fixture.folder.path();
    let file = |name| folder.join(name);
    for (path, own_mode, mode) in rows! {
        (file("signing-keys.json"), 0o600, 0o644), (file("revocations.jsonl"), 0o600, 0o640),
        (file("api-keys.jsonl"), 0o600, 0o644), (folder.to_owned(), 0o700, 0o777),
    } {
        let before = path.metadata().unwrap().permissions();
        let is_own = path.is_dir() || before.mode() & 0o777 == own_mode;
        assert!(is_own, "{}: {before:?}", path.display());
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = open(folder).err().unwrap().to_string();
        let remedy = format!("`chmod {own_mode:o} {}`", path.display());
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
    let older = fixture.token(&fixture.header(), &claims());
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
    let short = r#"{"keys":[{"d":"AAAA"}]}"#;
    for content in ["", "{}", r#"{"keys":[]}"#, short, &twice] {
        std::fs::write(&file, content).unwrap();
        let error = open(fixture.folder.path()).err().unwrap().to_string();
        assert!(error.contains("signing-keys.json"), "{error}");
    }
}

#[test]
fn the_public_set_holds_no_private_part() {
    let fixture = Fixture::new();
    let set: Value = serde_json::from_str(fixture.keys.public_set()).unwrap();
    let mut members: Vec<_> = set["keys"][0].as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
}
