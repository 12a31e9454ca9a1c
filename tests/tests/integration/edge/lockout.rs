//! Wrong logins lock out their senders alone.

use super::*;
use strongroom_tests::bank::{ADMIN_EMAIL, ADMIN_PASSWORD};
use strongroom_tests::text;

const GUESS: &str = "not the password of anybody";
/// The addresses of strangers in the administrator's own network of 256.
const STRANGERS: usize = 40;
/// Far more than any account is allowed.
const WRONG_LOGINS: usize = 200;
/// More than one network is allowed, and fewer than all together.
const GUESSES_MAX: usize = 30;

async fn login(client: &Client, password: &str, device: Option<&str>) -> Answer {
    let mut body = json!({"email": ADMIN_EMAIL, "password": password});
    if let Some(device) = device {
        body["device_token"] = json!(device);
    }
    client.post("/api/auth/login").json(&body).await
}

#[tokio::test]
async fn wrong_logins_lock_out_neither_another_network_nor_a_device_that_is_known() {
    let bank = Bank::start().await;
    let client = bank.client();
    let mut device = String::new();
    for _login in 0..10 {
        let session = login(&client, ADMIN_PASSWORD, None).await.expect(200);
        device = text(&session["device_token"]).to_owned();
        // It is known as soon as its login is answered.
        let known = login(&client, ADMIN_PASSWORD, Some(&device)).await;
        assert_eq!(known.expect(200)["device_token"], device);
    }
    // 127.0.4.x; the administrator is at 127.0.0.1.
    let there = bank.client_at(attacker(1_024));
    let mut guess = login(&there, GUESS, None).await;
    for _guess in 1..GUESSES_MAX {
        if guess.status != 429 {
            guess = login(&there, GUESS, None).await;
        }
    }
    guess.refused(429, "too_many_attempts");
    login(&client, ADMIN_PASSWORD, None).await.expect(200);

    // Until strangers are refused without a look at the password.
    let mut refused = 0;
    for number in 0..WRONG_LOGINS {
        let client = bank.client_at(attacker(number % STRANGERS));
        let answer = login(&client, GUESS, None).await;
        answer.problem_of(&[401, 429, 503]);
        refused += usize::from(answer.status == 429);
    }
    assert!(refused > 0, "strangers are slowed down");
    for _login in 0..50 {
        let known = login(&client, ADMIN_PASSWORD, Some(&device)).await;
        known.expect(200);
    }
    // It is of no use to a stranger who does not know the password.
    let stranger = bank.client_at(attacker(0));
    let guess = login(&stranger, GUESS, Some("not a token")).await;
    guess.problem_of(&[401, 429]);
}
