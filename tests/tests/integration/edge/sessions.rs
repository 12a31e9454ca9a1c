//! What ends a session is done when it is said to be, whatever else goes on.

use super::*;
use strongroom_tests::bank::new_key;

const NEW_PASSWORD: &str = "nine herons count pebbles";
const CLIENTS: usize = 64;

fn begin_refreshes(bank: &Bank) -> Flood {
    let clients = (0..CLIENTS).map(|number| {
        let client = bank.client_at(attacker(number));
        let body = json!({"refresh_token": "not a token of anybody"});
        move || client.post("/api/token/refresh").json(&body)
    });
    Flood::begin(clients, |_refused| true)
}

/// Repeats a call while it is refused for a shortage, until its change is made and in force.
async fn made(change: impl AsyncFn() -> Answer) {
    wait_until("a change to be made", 60, async || {
        let answer = change().await;
        let is_made = answer.status < 300;
        assert!(is_made || answer.status == 503, "{}", answer.text());
        is_made
    })
    .await;
}

/// The head of a transfer came before the end of its session, and its body after it.
#[tokio::test]
async fn a_request_whose_body_comes_after_the_end_of_its_session_is_401() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let body = pair.body("1.00").to_string();
    let (begin, rest) = body.split_at(20);
    let request = format!(
        "POST /api/transactions/transfer HTTP/1.1\r\nhost: localhost\r\n\
         authorization: Bearer {}\r\nidempotency-key: {}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{begin}",
        pair.alice.token(),
        new_key(),
        body.len(),
    );
    let mut parked = Connection::begin(Ipv4Addr::LOCALHOST, bank.address(), request).await;
    let logout = pair.alice.post("/api/auth/logout").await;
    logout.expect_no_content();
    parked.send(rest).await;
    let refused = parked.read_to_the_end().await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    assert_eq!(pair.bob.balance(&pair.to).await, "0.00");
}

/// It waits for a place in its service, whose other request runs out of time.
#[tokio::test]
async fn a_request_whose_turn_comes_after_the_end_of_its_session_is_401() {
    let hostile = Service::guest("hostile").limit("instances", 1);
    let hostile = hostile.limit("timeout", "5s");
    let bank = Bank::start_with(&Registry::bank().service("hostile", hostile)).await;
    let alice = bank.customer().await;
    let begin = async |path: &str, figure: &str| {
        let request = format!(
            "GET /api/hostile/{path} HTTP/1.1\r\nhost: localhost\r\n\
             authorization: Bearer {}\r\nconnection: close\r\n\r\n",
            alice.token(),
        );
        let connection = Connection::begin(Ipv4Addr::LOCALHOST, bank.address(), request).await;
        let line = format!("strongroom_requests_{figure}{{service=\"hostile\"}} 1\n");
        let page = async || bank.host.admin().get("/metrics").await.text();
        wait_until(&line, 60, async || page().await.contains(&line)).await;
        connection
    };
    let _runs = begin("sleep", "running").await;
    // Its own time to wait ends later by that.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let mut waits = begin("fine", "waiting").await;
    alice.post("/api/auth/logout").await.expect_no_content();
    let refused = waits.read_to_the_end().await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
}

/// A disable, a new password, and a role that is taken away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_sessions_has_ended_them_when_it_is_answered_under_a_flood_of_refreshes() {
    let bank = Bank::start().await;
    let admin = bank.admin().await;
    let flood = begin_refreshes(&bank);
    for _round in 0..short_or_full(5, 30) {
        let customer = bank.customer().await;
        let disable = json!({"disabled": true});
        made(async || admin.patch(&customer.path()).json(&disable).await).await;
        let here = bank.customer().await;
        let there = here.log_in_again().await;
        let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
        made(async || here.post("/api/auth/password").json(&body).await).await;
        for ended in [&customer, &there] {
            ended.get("/api/auth/me").await.bad_token();
            ended.get("/api/accounts").await.bad_token();
        }
        let auditor = bank.staff("auditor").await;
        auditor.read("/api/accounts/journal").await;
        let demote = json!({"role": "customer"});
        made(async || admin.patch(&auditor.path()).json(&demote).await).await;
        let journal = auditor.get("/api/accounts/journal").await;
        journal.problem_of(&[401, 403]);
    }
    flood.end().await;
}
