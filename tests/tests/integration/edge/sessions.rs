//! What ends a session is done when it is said to be, whatever else goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use strongroom_tests::attackers::attacker;
use strongroom_tests::bank::PASSWORD;
use strongroom_tests::scale::short_or_full;
use strongroom_tests::{Answer, Bank, Person, json, wait_for};
use tokio::task::JoinSet;

/// How many clients refresh without rest.
const CLIENTS: usize = 64;

/// Refreshes that never end, from many addresses.
struct Flood {
    over: Arc<AtomicBool>,
    clients: JoinSet<()>,
}

impl Flood {
    fn begin(bank: &Bank) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let (client, over) = (bank.client_at(attacker(number)), Arc::clone(&over));
            clients.spawn(async move {
                let body = json!({"refresh_token": "not a token of anybody"});
                while !over.load(Relaxed) {
                    let call = client.post("/api/token/refresh").json(&body);
                    let _refused = call.try_send().await;
                }
            });
        }
        Self { over, clients }
    }

    async fn end(self) {
        self.over.store(true, Relaxed);
        self.clients.join_all().await;
    }
}

/// Repeats a call while it is refused for a shortage, until its change is made and in force.
async fn made(change: impl AsyncFn() -> Answer) {
    wait_for("a change to be made", 60, async || {
        let answer = change().await;
        assert!(
            answer.status < 300 || answer.status == 503,
            "{}: {}",
            answer.status,
            answer.text()
        );
        (answer.status < 300).then_some(())
    })
    .await;
}

fn rounds() -> usize {
    short_or_full(5, 30)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disable_said_to_be_done_is_done_under_a_flood_of_refreshes() {
    let bank = Bank::start().await;
    let admin = bank.admin().await;
    let flood = Flood::begin(&bank);
    for _round in 0..rounds() {
        let customer = bank.customer().await;
        let path = format!("/api/auth/users/{}", customer.id);
        made(async || admin.patch(&path).json(&json!({"disabled": true})).await).await;
        customer.get("/api/auth/me").await.bad_token();
        customer.get("/api/accounts").await.bad_token();
    }
    flood.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_change_said_to_be_done_is_done_under_a_flood_of_refreshes() {
    let bank = Bank::start().await;
    let flood = Flood::begin(&bank);
    for _round in 0..rounds() {
        let here = bank.customer().await;
        let there = Person::log_in(&bank.client(), &here.email, &here.password).await;
        let body =
            json!({"current_password": PASSWORD, "new_password": "nine herons count pebbles"});
        made(async || here.post("/api/auth/password").json(&body).await).await;
        there.get("/api/auth/me").await.bad_token();
        there.get("/api/accounts").await.bad_token();
    }
    flood.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_taken_away_is_gone_under_a_flood_of_refreshes() {
    let bank = Bank::start().await;
    let admin = bank.admin().await;
    let flood = Flood::begin(&bank);
    for _round in 0..rounds() {
        let auditor = bank.staff("auditor").await;
        auditor.read("/api/accounts/journal").await;
        let path = format!("/api/auth/users/{}", auditor.id);
        made(async || admin.patch(&path).json(&json!({"role": "customer"})).await).await;
        let journal = auditor.get("/api/accounts/journal").await;
        assert!([401, 403].contains(&journal.status), "{}", journal.text());
    }
    flood.end().await;
}
