//! Goal: no token but the bank's own, unchanged and alive, opens a door; and a session that has
//! ended stays ended.
//!
//! Method: a real token with another signature, or another text of it, at a running bank. Which
//! headers and claims are refused, the tests of `host/src/keys` say.

use strongroom_tests::bank::PASSWORD;
use strongroom_tests::forge::{Token, encode};
use strongroom_tests::race::at_once;
use strongroom_tests::{Bank, json, text};

const NEW_PASSWORD: &str = "nine llamas paint the quay";

#[tokio::test]
async fn j1_no_token_is_401_without_an_error_and_asks_no_component() {
    let bank = Bank::shared().await;
    for path in ["/api/auth/me", "/api/accounts", "/api/guarded/trap"] {
        let answer = bank.client().get(path).await;
        answer.no_token();
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        // RFC 6750 section 3.1.
        assert!(!challenge.contains("error="), "{challenge}");
    }
}

#[tokio::test]
async fn j2_to_j4_a_token_is_one_in_its_header_under_the_scheme_bearer() {
    let bank = Bank::shared().await;
    let owner = bank.customer().await;
    let (client, token) = (bank.client(), owner.token());
    let with = async |name: &str, value: String| {
        let call = client.get("/api/auth/me").header(name, &value);
        call.await
    };
    for scheme in ["Bearer ", "BEARER   "] {
        let answer = with("authorization", format!("{scheme}{token}")).await;
        answer.expect(200);
    }
    for scheme in ["Basic ", "Token ", "Bearer", "", "Bearer Bearer ", "DPoP "] {
        let answer = with("authorization", format!("{scheme}{token}")).await;
        answer.problem_of(&[400, 401]);
    }
    let second = owner.get("/api/auth/me");
    let second = second.header("authorization", "Bearer another").await;
    second.problem_of(&[400, 401]);
    let query = format!("/api/auth/me?access_token={token}");
    client.get(&query).await.no_token();
    for (name, value) in [("cookie", "access_token="), ("x-access-token", "")] {
        with(name, format!("{value}{token}")).await.no_token();
    }
    assert!(!bank.log_until_now().await.contains(token), "it is logged");
}

/// At our own service, and at one that speaks only HTTP.
#[tokio::test]
async fn j17_a_signature_that_is_not_the_one() {
    let bank = Bank::shared().await;
    let owner = bank.customer().await;
    let token = Token::parse(owner.token());
    let good = &token.signature;
    let parts: Vec<&str> = owner.token().split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("{parts:?}")
    };
    let mut flipped = good.clone();
    flipped[63] ^= 0x80;
    let signed = |bytes: &[u8]| format!("{header}.{claims}.{}", encode(bytes));
    for forged in rows! {
        signed(&flipped), signed(&plus_group_order(good)), signed(&[0; 64]),
        token.sign_with_own_key(), owner.refresh_token.clone(),
        format!("{header}.{claims}.{}", with_unused_bits_set(signature)),
        format!("{header}.{claims}."), format!(".{claims}.{signature}"),
        format!("{header}..{signature}"), header.to_owned(),
    } {
        for path in ["/api/auth/me", "/api/guarded/fine"] {
            println!("{path} with {forged}");
            let client = bank.client().with_token(&forged);
            client.get(path).await.bad_token();
        }
    }
    owner.read("/api/auth/me").await;
}

#[tokio::test]
async fn r4_fifty_refreshes_at_once_have_one_successor() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let body = json!({"refresh_token": customer.refresh_token});
    let client = bank.client();
    let refresh = |_| client.post("/api/token/refresh").json(&body);
    let answers = at_once((0..50).map(refresh)).await;
    let successor = answers[0].expect(200)["refresh_token"].clone();
    for answer in answers {
        assert_eq!(answer.expect(200)["refresh_token"], successor);
    }
    bank.refresh(text(&successor)).await.expect(200);
}

/// A session that a logout or a new password has ended is ended, also after a crash; a token of
/// another bank never was one.
#[tokio::test]
async fn r7_r8_what_has_ended_stays_ended_over_kill_9_and_the_rest_goes_on() {
    let mut bank = Bank::start().await;
    let (leaver, here) = (bank.customer().await, bank.customer().await);
    let there = here.log_in_again().await;
    leaver.post("/api/auth/logout").await.expect_no_content();
    here.change_password(NEW_PASSWORD).await;
    for _before_and_after in 0..2 {
        for ended in [&leaver, &there] {
            bank.me(ended.token()).await.bad_token();
            let refresh = bank.refresh(&ended.refresh_token).await;
            refresh.refused(400, "invalid_grant");
        }
        bank.me(here.token()).await.expect(200);
        let old = bank.login(&here.email, PASSWORD).await;
        old.refused(401, "invalid_credentials");
        bank.login(&here.email, NEW_PASSWORD).await.expect(200);
        bank.host.restart().await;
    }
    let renewed = bank.refresh(&here.refresh_token).await.expect(200);
    let token = text(&renewed["access_token"]);
    bank.me(token).await.expect(200);
    Bank::shared().await.me(token).await.bad_token();
}

/// `S + L`: the same signature to a verifier that does not check that S is below the order of the
/// group (RFC 8032 section 8.4).
fn plus_group_order(signature: &[u8]) -> Vec<u8> {
    let half = |at: usize| u128::from_le_bytes(signature[at..][..16].try_into().expect("16 bytes"));
    // The order is 2^252 and this.
    let (low, is_carried) = half(32).overflowing_add(0x14de_f9de_a2f7_9cd6_5812_631a_5cf5_d3ed);
    let high = half(48) + (1_u128 << 124) + u128::from(is_carried);
    [&signature[..32], &low.to_le_bytes(), &high.to_le_bytes()].concat()
}

/// The same bytes as strict base64url refuses them: 64 bytes leave four bits of the text unused.
fn with_unused_bits_set(signature: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = signature.split_at(signature.len() - 1);
    let index = ALPHABET.find(last).expect("a character of base64url");
    format!("{rest}{}", &ALPHABET[index + 1..=index + 1])
}
