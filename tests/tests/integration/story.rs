//! The whole story of a newcomer: register, log in, open accounts, get a deposit, send money, read both histories.

use strongroom_tests::bank::{ADMIN_EMAIL, ADMIN_PASSWORD, new_email, text};
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, Person, Value, json};

const ALICES_PASSWORD: &str = "forty geese cross the canal";
const BOBS_PASSWORD: &str = "a lighthouse eats blue bread";

#[tokio::test]
async fn a_newcomer_sends_money_and_both_sides_see_it() {
    let bank = Bank::start().await;
    tell_the_story(&bank).await;
}

#[tokio::test]
async fn components_of_plain_cargo_tell_the_same_story() {
    let bank = Bank::start_with(&Registry::bank_of_plain_builds()).await;
    tell_the_story(&bank).await;
}

#[tokio::test]
async fn the_log_of_the_story_holds_no_secret() {
    let bank = Bank::start().await;
    let (alice, bob) = tell_the_story(&bank).await;

    // What goes wrong must not be logged with its secrets either.
    bank.login(&alice.email, BOBS_PASSWORD)
        .await
        .refused(401, "invalid_credentials");
    let half_a_body = format!(
        "{{\"email\":\"{}\",\"password\":\"{ALICES_PASSWORD}\"",
        alice.email
    );
    bank.client()
        .post("/api/auth/login")
        .body("application/json", half_a_body)
        .await
        .refused(400, "bad_request");
    let not_a_token = format!("{}x", alice.token());
    bank.client()
        .with_token(&not_a_token)
        .get("/api/auth/me")
        .await
        .bad_token();
    bank.client()
        .get(&format!("/api/auth/me?access_token={}", alice.token()))
        .await
        .no_token();
    let refresh = json!({"refresh_token": bob.refresh_token});
    let refreshed = bank
        .client()
        .post("/api/token/refresh")
        .json(&refresh)
        .await
        .expect(200);
    alice.post("/api/auth/logout").await.expect_no_content();

    let log = bank.log_until_now().await;
    assert!(
        log.contains("/api/transactions"),
        "the requests are logged:\n{log}"
    );
    let secrets = [
        ADMIN_PASSWORD,
        ALICES_PASSWORD,
        BOBS_PASSWORD,
        alice.token(),
        signature(alice.token()),
        signature(bob.token()),
        signature(text(&refreshed["access_token"])),
        &alice.refresh_token,
        &bob.refresh_token,
        text(&refreshed["refresh_token"]),
        "Bearer ey",
        "$argon2",
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
    let lower_case = log.to_lowercase();
    assert!(
        !lower_case.contains("authorization"),
        "the log speaks of authorization headers"
    );
}

/// The last part of a JWT: no two tokens share it.
fn signature(token: &str) -> &str {
    token.rsplit('.').next().expect("a JWT has parts")
}

/// Tells the story, and answers Alice and Bob with their sessions.
async fn tell_the_story(bank: &Bank) -> (Person, Person) {
    let alice = join(bank, ALICES_PASSWORD).await;
    let bob = join(bank, BOBS_PASSWORD).await;
    let alices = alice.open_account("EUR").await;
    let bobs = bob.open_account("EUR").await;

    let admin = Person::log_in(&bank.client(), ADMIN_EMAIL, ADMIN_PASSWORD).await;
    admin.deposit(&alices, "100.00", "EUR").await;
    let teller = bank.staff("teller").await;
    teller.deposit(&alices, "20.50", "EUR").await;

    let payment = json!({"from_account_id": alices, "to_account_id": bobs, "amount": "40.25", "currency": "EUR", "reference": "rent"});
    let sent = alice.submit("send", &payment).await.expect(201);
    assert_eq!(sent["status"], "posted");

    assert_eq!(alice.balance(&alices).await, "80.25");
    assert_eq!(bob.balance(&bobs).await, "40.25");
    assert_eq!(
        lines(&alice.entries(&alices).await),
        [
            "debit 40.25 80.25",
            "credit 20.50 120.50",
            "credit 100.00 100.00"
        ]
    );
    assert_eq!(lines(&bob.entries(&bobs).await), ["credit 40.25 40.25"]);
    for (person, account) in [(&alice, &alices), (&bob, &bobs)] {
        let transactions = person
            .all(&format!("/api/transactions?account_id={account}"))
            .await;
        assert!(
            transactions
                .iter()
                .any(|one| one["id"] == sent["id"] && one["reference"] == "rent"),
            "{transactions:?}"
        );
    }
    (alice, bob)
}

async fn join(bank: &Bank, password: &str) -> Person {
    let email = new_email();
    bank.register(&email, password).await.expect(201);
    Person::log_in(&bank.client(), &email, password).await
}

/// Entries as `direction amount balance_after`.
fn lines(entries: &[Value]) -> Vec<String> {
    let line = |entry: &Value| {
        format!(
            "{} {} {}",
            text(&entry["direction"]),
            text(&entry["amount"]),
            text(&entry["balance_after"])
        )
    };
    entries.iter().map(line).collect()
}
