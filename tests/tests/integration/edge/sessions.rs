//! What ends a session is done when it is said to be, whatever else goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use strongroom_tests::attackers::attacker;
use strongroom_tests::bank::PASSWORD;
use strongroom_tests::scale::short_or_full;
use strongroom_tests::{Answer, Bank, json, wait_for};
use tokio::task::JoinSet;

const NEW_PASSWORD: &str = "nine herons count pebbles";
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
        let is_short = answer.status == 503;
        assert!(answer.status < 300 || is_short, "{}", answer.text());
        (!is_short).then_some(())
    })
    .await;
}

/// A disable, a new password, and a role that is taken away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_sessions_has_ended_them_when_it_is_answered_under_a_flood_of_refreshes() {
    let bank = Bank::start().await;
    let admin = bank.admin().await;
    let flood = Flood::begin(&bank);
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
