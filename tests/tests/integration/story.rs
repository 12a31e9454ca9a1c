//! The whole story of a newcomer: register, log in, open accounts, get a deposit, send money, read
//! both histories.

use strongroom_tests::api_key::ApiKey;
use strongroom_tests::bank::{ADMIN_PASSWORD, new_email, transfer};
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, Person, Value, json, text};

const ALICES_PASSWORD: &str = "forty geese cross the canal";
const BOBS_PASSWORD: &str = "a lighthouse eats blue bread";

#[tokio::test]
async fn components_of_plain_cargo_tell_the_same_story() {
    let bank = Bank::start_with(&Registry::bank_of_plain_builds()).await;
    tell_the_story(&bank).await;
}

#[tokio::test]
async fn a_newcomer_sends_money_and_the_log_of_it_holds_no_secret() {
    let bank = Bank::start().await;
    let (alice, bob) = tell_the_story(&bank).await;

    // What goes wrong must not be logged with its secrets either.
    let answer = bank.login(&alice.email, BOBS_PASSWORD).await;
    answer.refused(401, "invalid_credentials");
    let email = &alice.email;
    let half_a_body = format!(r#"{{"email":"{email}","password":"{ALICES_PASSWORD}""#);
    let login = bank.client().post("/api/auth/login");
    let broken = login.body("application/json", half_a_body).await;
    broken.refused(400, "bad_request");
    bank.me(&format!("{}x", alice.token())).await.bad_token();
    let in_query = format!("/api/auth/me?access_token={}", alice.token());
    bank.client().get(&in_query).await.no_token();
    let key = ApiKey::create(&bank.admin().await, &["accounts:read"]).await;
    key.get("/api/accounts?limit=canary-of-a-query").await;
    let refreshed = bank.refresh(&bob.refresh_token).await.expect(200);
    alice.post("/api/auth/logout").await.expect_no_content();

    let log = bank.log_until_now().await;
    assert!(log.contains("/api/transactions"), "{log}");
    for secret in rows! {
        ADMIN_PASSWORD, ALICES_PASSWORD, BOBS_PASSWORD, alice.token(), signature(alice.token()),
        signature(bob.token()), signature(text(&refreshed["access_token"])), &alice.refresh_token,
        &bob.refresh_token, text(&refreshed["refresh_token"]), key.token(), "canary", "Bearer ey",
        "$argon2",
    } {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
    assert!(!log.to_lowercase().contains("authorization"), "{log}");
}

/// The last part of a JWT: no two tokens share it.
fn signature(token: &str) -> &str {
    token.rsplit('.').next().expect("a JWT has parts")
}

/// Tells the story; returns Alice and Bob with their sessions.
async fn tell_the_story(bank: &Bank) -> (Person, Person) {
    let alice = join(bank, ALICES_PASSWORD).await;
    let bob = join(bank, BOBS_PASSWORD).await;
    let alices = alice.open_account("EUR").await;
    let bobs = bob.open_account("EUR").await;

    bank.admin().await.deposit(&alices, "100.00", "EUR").await;
    let teller = bank.staff("teller").await;
    teller.deposit(&alices, "20.50", "EUR").await;

    let mut payment = transfer(&alices, &bobs, "40.25", "EUR");
    payment["reference"] = json!("rent");
    let sent = alice.submit("send", &payment).await.expect(201);
    assert_eq!(sent["status"], "posted");

    let of_alice = "debit 40.25 80.25, credit 20.50 120.50, credit 100.00 100.00";
    for (person, account, balance, entries) in [
        (&alice, &alices, "80.25", of_alice),
        (&bob, &bobs, "40.25", "credit 40.25 40.25"),
    ] {
        assert_eq!(person.balance(account).await, balance);
        assert_eq!(lines(&person.entries(account).await), entries);
        let path = format!("/api/transactions?account_id={account}");
        let transactions = person.all(&path).await;
        let is_sent = |one: &Value| one["id"] == sent["id"] && one["reference"] == "rent";
        assert!(transactions.iter().any(is_sent), "{transactions:?}");
    }
    (alice, bob)
}

async fn join(bank: &Bank, password: &str) -> Person {
    let email = new_email();
    bank.register(&email, password).await.expect(201);
    Person::log_in(&bank.client(), &email, password).await
}

/// Entries as `direction amount balance_after`.
fn lines(entries: &[Value]) -> String {
    let line = |entry: &Value| {
        let members = ["direction", "amount", "balance_after"];
        members.map(|member| text(&entry[member])).join(" ")
    };
    let lines: Vec<_> = entries.iter().map(line).collect();
    lines.join(", ")
}
