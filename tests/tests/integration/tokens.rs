//! Tokens: none but the bank's own, unchanged and alive, opens a door; and a session that has ended stays ended.

use std::time::Duration;

use strongroom_tests::bank::{ADMIN_EMAIL, PASSWORD, text};
use strongroom_tests::forge::{Token, encode, own_public_jwk};
use strongroom_tests::wire::exchange;
use strongroom_tests::{Answer, Bank, Person, Value, json};
use tokio::time::sleep;

/// Within this time after a rotation the old refresh token gives the same successor.
const REFRESH_GRACE_SECONDS: u64 = 10;

/// A token that was good, and the bank to try its forgeries on.
struct Forgery {
    bank: &'static Bank,
    owner: Person,
    token: Token,
}

impl Forgery {
    async fn prepare() -> Self {
        let bank = Bank::shared().await;
        let owner = bank.customer().await;
        let token = Token::parse(owner.token());
        Self { bank, owner, token }
    }

    async fn try_token(&self, token: &str) -> Answer {
        self.bank
            .client()
            .with_token(token)
            .get("/api/auth/me")
            .await
    }

    /// Asserts that the gateway refuses the token, for our own service and for one that speaks only HTTP.
    async fn assert_refused(&self, token: &str, what: &str) {
        for path in ["/api/auth/me", "/api/guarded/fine"] {
            let answer = self.bank.client().with_token(token).get(path).await;
            assert_eq!(answer.status, 401, "{what} at {path}: {}", answer.text());
            answer.bad_token();
        }
    }

    /// Asserts that nothing that was tried has hurt the real token.
    async fn assert_the_real_one_still_works(&self) {
        self.owner.get("/api/auth/me").await.expect(200);
    }
}

#[tokio::test]
async fn j1_no_token_is_401_without_an_error() {
    let bank = Bank::shared().await;
    for path in [
        "/api/auth/me",
        "/api/accounts",
        "/api/transactions?account_id=x",
        "/api/guarded/fine",
    ] {
        let answer = bank.client().get(path).await;
        answer.no_token();
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert!(
            !challenge.contains("error="),
            "RFC 6750 section 3.1: {challenge}"
        );
    }
}

#[tokio::test]
async fn j1_the_component_is_not_asked() {
    let bank = Bank::shared().await;
    let answer = bank.client().get("/api/guarded/trap").await;
    answer.no_token();
}

#[tokio::test]
async fn j2_the_scheme_is_bearer_in_any_case() {
    let forgery = Forgery::prepare().await;
    let with_scheme = async |scheme: &str| {
        let value = format!("{scheme}{}", forgery.owner.token());
        forgery
            .bank
            .client()
            .get("/api/auth/me")
            .header("authorization", &value)
            .await
    };
    for scheme in ["Bearer ", "bearer ", "BEARER "] {
        with_scheme(scheme).await.expect(200);
    }
    for scheme in ["Basic ", "Token ", "Bearer", "", "Bearer Bearer ", "DPoP "] {
        let answer = with_scheme(scheme).await;
        assert!(
            [400, 401].contains(&answer.status),
            "{scheme}: {}",
            answer.text()
        );
        answer.problem(answer.status);
    }
}

#[tokio::test]
async fn j3_two_tokens_are_refused() {
    let forgery = Forgery::prepare().await;
    let answer = forgery
        .owner
        .get("/api/auth/me")
        .header("authorization", "Bearer another")
        .await;
    assert!([400, 401].contains(&answer.status), "{}", answer.text());
    answer.problem(answer.status);
}

#[tokio::test]
async fn j4_a_token_anywhere_else_is_ignored() {
    let forgery = Forgery::prepare().await;
    let client = forgery.bank.client();
    let token = forgery.owner.token();
    client
        .get(&format!("/api/auth/me?access_token={token}"))
        .await
        .no_token();
    client
        .get("/api/auth/me")
        .header("cookie", &format!("access_token={token}"))
        .await
        .no_token();
    client
        .get("/api/auth/me")
        .header("x-access-token", token)
        .await
        .no_token();
    assert!(
        !forgery.bank.log_until_now().await.contains(token),
        "nor is it logged"
    );
}

#[tokio::test]
async fn j5_algorithm_none() {
    let forgery = Forgery::prepare().await;
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        let token = forgery.token.clone().header("alg", algorithm);
        forgery
            .assert_refused(&token.with_signature(b""), algorithm)
            .await;
        forgery
            .assert_refused(&token.keep_signature(), algorithm)
            .await;
    }
}

#[tokio::test]
async fn j6_hmac_with_the_public_key() {
    let forgery = Forgery::prepare().await;
    let set = forgery
        .bank
        .client()
        .get("/api/token/jwks")
        .await
        .expect(200);
    let jwk = set["keys"][0].clone();
    let raw = strongroom_tests::forge::decode(text(&jwk["x"]));
    let keys = [
        raw,
        text(&jwk["x"]).as_bytes().to_vec(),
        jwk.to_string().into_bytes(),
        set.to_string().into_bytes(),
        Vec::new(),
    ];
    for key in keys {
        for algorithm in ["HS256", "EdDSA"] {
            let token = forgery
                .token
                .clone()
                .header("alg", algorithm)
                .sign_with_hmac(&key);
            forgery.assert_refused(&token, algorithm).await;
        }
    }
}

#[tokio::test]
async fn j7_a_key_that_the_token_brings() {
    let forgery = Forgery::prepare().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!(
        "http://{}/jwks.json",
        listener.local_addr().expect("an address")
    );
    let headers: [(&str, Value); 4] = [
        ("jwk", own_public_jwk()),
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("x5c", json!([encode(b"a certificate")])),
    ];
    for (name, value) in headers {
        let token = forgery.token.clone().header(name, value);
        forgery
            .assert_refused(&token.sign_with_own_key(), name)
            .await;
        forgery
            .assert_refused(&token.without_header("kid").sign_with_own_key(), name)
            .await;
    }
    let called = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
    assert!(
        called.is_err(),
        "the gateway fetched a key from where the token said"
    );
}

#[tokio::test]
async fn j8_a_key_id_that_is_not_ours() {
    let forgery = Forgery::prepare().await;
    forgery
        .assert_refused(
            &forgery
                .token
                .clone()
                .without_header("kid")
                .sign_with_own_key(),
            "no kid",
        )
        .await;
    let ids: [Value; 8] = [
        json!(""),
        json!("unknown"),
        json!("../../dev/null"),
        json!("' UNION SELECT 'x"),
        json!("x".repeat(2_000)),
        json!(7),
        json!(null),
        json!(["a", "b"]),
    ];
    for id in ids {
        let token = forgery.token.clone().header("kid", id.clone());
        forgery
            .assert_refused(&token.sign_with_own_key(), &id.to_string())
            .await;
        forgery
            .assert_refused(&token.keep_signature(), &id.to_string())
            .await;
    }
    forgery.assert_the_real_one_still_works().await;
}

#[tokio::test]
async fn j9_extensions_that_change_the_meaning() {
    let forgery = Forgery::prepare().await;
    let headers = [
        ("crit", json!(["x"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
    ];
    for (name, value) in headers {
        let token = forgery.token.clone().header(name, value);
        forgery.assert_refused(&token.keep_signature(), name).await;
        forgery
            .assert_refused(&token.sign_with_own_key(), name)
            .await;
    }
}

#[tokio::test]
async fn j10_another_type_of_token() {
    let forgery = Forgery::prepare().await;
    forgery
        .assert_refused(
            &forgery.token.clone().without_header("typ").keep_signature(),
            "no typ",
        )
        .await;
    for kind in ["JWT", "logout+jwt", "rt+jwt", "AT+JWT2", ""] {
        forgery
            .assert_refused(
                &forgery.token.clone().header("typ", kind).keep_signature(),
                kind,
            )
            .await;
    }
}

#[tokio::test]
async fn j11_to_j15_claims_cannot_be_changed() {
    let forgery = Forgery::prepare().await;
    let far = json!(4_102_444_800_u64);
    let changes: [(&str, Value); 12] = [
        ("role", json!("admin")),
        ("scope", json!("everything")),
        ("sub", json!("01890000-0000-7000-8000-000000000000")),
        ("exp", far.clone()),
        ("nbf", far.clone()),
        ("iat", far),
        ("exp", json!("tomorrow")),
        ("exp", json!(-1)),
        ("sv", json!(9_999)),
        ("sid", json!("another")),
        ("iss", json!(["a", "b"])),
        ("aud", json!("another bank")),
    ];
    for (name, value) in changes {
        let token = forgery.token.clone().claim(name, value);
        forgery.assert_refused(&token.keep_signature(), name).await;
        forgery
            .assert_refused(&token.sign_with_own_key(), name)
            .await;
    }
    forgery.assert_the_real_one_still_works().await;
}

#[tokio::test]
async fn j16_json_with_the_same_member_twice() {
    let forgery = Forgery::prepare().await;
    let [header, claims, signature] = parts(forgery.owner.token());
    let twice = |part: &str, member: &str| {
        let json = String::from_utf8(strongroom_tests::forge::decode(part)).expect("JSON is text");
        encode(json.replacen('{', &format!("{{{member},"), 1).as_bytes())
    };
    let header_twice = twice(header, "\"alg\":\"none\"");
    forgery
        .assert_refused(&format!("{header_twice}.{claims}.{signature}"), "alg twice")
        .await;
    let claims_twice = twice(claims, "\"role\":\"admin\"");
    forgery
        .assert_refused(
            &format!("{header}.{claims_twice}.{signature}"),
            "role twice",
        )
        .await;
}

#[tokio::test]
async fn j17_a_signature_that_is_not_the_one() {
    let forgery = Forgery::prepare().await;
    let good = forgery.token.signature.clone();
    let [header, claims, signature] = parts(forgery.owner.token());
    let mut flipped = good.clone();
    flipped[0] ^= 1;
    let mut flipped_end = good.clone();
    flipped_end[63] ^= 0x80;
    let signatures = [
        flipped,
        flipped_end,
        plus_group_order(&good),
        [good.clone(), vec![0]].concat(),
        good[..63].to_vec(),
        vec![0; 64],
        Vec::new(),
    ];
    for (number, signature) in signatures.iter().enumerate() {
        let token = format!("{header}.{claims}.{}", encode(signature));
        forgery
            .assert_refused(&token, &format!("signature {number}"))
            .await;
    }
    let texts = [
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}.{signature}=="),
        format!("{header}.{claims}.{}", with_unused_bits_set(signature)),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!(".{claims}.{signature}"),
        format!("{header}..{signature}"),
        header.to_owned(),
        "..".to_owned(),
        "not-a-token".to_owned(),
    ];
    for token in texts {
        forgery.assert_refused(&token, &token).await;
    }
    forgery.assert_the_real_one_still_works().await;
}

#[tokio::test]
async fn j19_a_token_that_is_too_large_or_too_deep() {
    let forgery = Forgery::prepare().await;
    let large = forgery
        .token
        .clone()
        .claim("ballast", "x".repeat(9_000))
        .sign_with_own_key();
    let answer = forgery.try_token(&large).await;
    assert!([401, 431].contains(&answer.status), "{}", answer.text());
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    forgery
        .assert_refused(
            &forgery
                .token
                .clone()
                .claim("deep", deep)
                .sign_with_own_key(),
            "deep",
        )
        .await;
    forgery.assert_the_real_one_still_works().await;
}

#[tokio::test]
async fn a_token_that_is_wholly_our_own_is_refused() {
    let forgery = Forgery::prepare().await;
    let admin = forgery.bank.admin().await;
    let token = Token::parse(admin.token());
    forgery
        .assert_refused(&token.sign_with_own_key(), "the bank's kid")
        .await;
    let own_kid = token
        .header("kid", "our-own-key")
        .header("jwk", own_public_jwk());
    forgery
        .assert_refused(&own_kid.sign_with_own_key(), "our own kid")
        .await;
}

#[tokio::test]
async fn a_token_of_another_bank_is_refused() {
    let (bank, other) = (Bank::shared().await, Bank::start().await);
    let stranger = Person::log_in(
        &other.client(),
        ADMIN_EMAIL,
        strongroom_tests::bank::ADMIN_PASSWORD,
    )
    .await;
    bank.client()
        .with_token(stranger.token())
        .get("/api/auth/me")
        .await
        .bad_token();
}

#[tokio::test]
async fn w1_a_401_by_the_gateway_is_a_problem_document_on_the_wire() {
    let bank = Bank::shared().await;
    let request = "GET /api/auth/me HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer x\r\nconnection: close\r\n\r\n";
    let reply = exchange(bank.address(), request).await;
    assert_eq!(reply.status(), Some(401), "{}", reply.text());
    assert!(
        reply
            .text()
            .to_lowercase()
            .contains("content-type: application/problem+json"),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn logout_means_401_at_once() {
    let bank = Bank::shared().await;
    for _round in 0..10 {
        let customer = bank.customer().await;
        customer.post("/api/auth/logout").await.expect_no_content();
        for path in ["/api/auth/me", "/api/accounts", "/api/guarded/fine"] {
            customer.get(path).await.bad_token();
        }
        refresh(bank, &customer.refresh_token)
            .await
            .refused(400, "invalid_grant");
    }
}

#[tokio::test]
async fn r8_logout_survives_kill_9() {
    let mut bank = Bank::start().await;
    let (leaver, stayer) = (bank.customer().await, bank.customer().await);
    leaver.post("/api/auth/logout").await.expect_no_content();
    bank.host.kill();
    bank.host.launch();
    bank.wait_until_ready().await;

    leaver.at(&bank).get("/api/auth/me").await.bad_token();
    refresh(&bank, &leaver.refresh_token)
        .await
        .refused(400, "invalid_grant");
    stayer.at(&bank).get("/api/auth/me").await.expect(200);
    refresh(&bank, &stayer.refresh_token).await.expect(200);
}

#[tokio::test]
async fn r2_a_repeated_refresh_gives_the_same_successor() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let first = refresh(bank, &customer.refresh_token).await.expect(200);
    let repeated = refresh(bank, &customer.refresh_token).await.expect(200);
    assert_eq!(first["refresh_token"], repeated["refresh_token"]);
    let next = refresh(bank, text(&first["refresh_token"]))
        .await
        .expect(200);
    assert_ne!(next["refresh_token"], first["refresh_token"]);
}

#[tokio::test]
async fn r3_a_refresh_token_reused_later_ends_the_session() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let other_session = customer.log_in_again().await;
    let successor = refresh(bank, &customer.refresh_token).await.expect(200);
    sleep(Duration::from_secs(REFRESH_GRACE_SECONDS + 2)).await;

    refresh(bank, &customer.refresh_token)
        .await
        .refused(400, "invalid_grant");

    refresh(bank, text(&successor["refresh_token"]))
        .await
        .refused(400, "invalid_grant");
    customer.get("/api/auth/me").await.bad_token();
    bank.client()
        .with_token(text(&successor["access_token"]))
        .get("/api/auth/me")
        .await
        .bad_token();
    other_session.get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn r4_fifty_refreshes_at_once_have_one_successor() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let mut calls = tokio::task::JoinSet::new();
    for _call in 0..50 {
        let call = bank
            .client()
            .post("/api/token/refresh")
            .json(&json!({"refresh_token": customer.refresh_token}));
        calls.spawn(call.into_future());
    }
    let answers = calls.join_all().await;
    let successors: Vec<String> = answers
        .iter()
        .map(|answer| text(&answer.expect(200)["refresh_token"]).to_owned())
        .collect();
    assert!(
        successors
            .iter()
            .all(|successor| *successor == successors[0]),
        "{successors:?}"
    );
    refresh(bank, &successors[0]).await.expect(200);
}

#[tokio::test]
async fn r5_the_two_kinds_of_token_are_not_confused() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    bank.client()
        .with_token(&customer.refresh_token)
        .get("/api/auth/me")
        .await
        .bad_token();
    refresh(bank, customer.token())
        .await
        .refused(400, "invalid_grant");
    customer.get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn r7_a_password_change_ends_the_other_sessions_but_not_this_one() {
    let bank = Bank::shared().await;
    let here = bank.customer().await;
    let there = here.log_in_again().await;
    let change =
        json!({"current_password": PASSWORD, "new_password": "nine llamas paint the quay"});
    here.post("/api/auth/password")
        .json(&change)
        .await
        .expect_no_content();

    there.get("/api/auth/me").await.bad_token();
    refresh(bank, &there.refresh_token)
        .await
        .refused(400, "invalid_grant");
    here.get("/api/auth/me").await.expect(200);
    let renewed = refresh(bank, &here.refresh_token).await.expect(200);
    bank.client()
        .with_token(text(&renewed["access_token"]))
        .get("/api/auth/me")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_password_change_survives_kill_9() {
    let mut bank = Bank::start().await;
    let here = bank.customer().await;
    let there = here.log_in_again().await;
    let change =
        json!({"current_password": PASSWORD, "new_password": "nine llamas paint the quay"});
    here.post("/api/auth/password")
        .json(&change)
        .await
        .expect_no_content();
    bank.host.kill();
    bank.host.launch();
    bank.wait_until_ready().await;

    there.at(&bank).get("/api/auth/me").await.bad_token();
    here.at(&bank).get("/api/auth/me").await.expect(200);
    bank.login(&here.email, PASSWORD)
        .await
        .refused(401, "invalid_credentials");
    bank.login(&here.email, "nine llamas paint the quay")
        .await
        .expect(200);
}

async fn refresh(bank: &Bank, token: &str) -> Answer {
    bank.client()
        .post("/api/token/refresh")
        .json(&json!({"refresh_token": token}))
        .await
}

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().expect("a JWT has three parts")
}

/// `S + L`: the same signature to a verifier that does not check that S is below the order of the group (RFC 8032 section 8.4).
fn plus_group_order(signature: &[u8]) -> Vec<u8> {
    const GROUP_ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (point, scalar) = signature.split_at(32);
    let mut sum = point.to_vec();
    let mut carry = 0_u16;
    for (byte, order) in scalar.iter().zip(GROUP_ORDER) {
        let total = u16::from(*byte) + u16::from(order) + carry;
        sum.push((total & 0xff) as u8);
        carry = total >> 8;
    }
    sum
}

/// The same bytes in a spelling that strict base64url refuses: 64 bytes leave four bits of the last character unused.
fn with_unused_bits_set(signature: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = signature.split_at(signature.len() - 1);
    let index = ALPHABET.find(last).expect("a character of base64url");
    format!("{rest}{}", &ALPHABET[index + 1..=index + 1])
}
