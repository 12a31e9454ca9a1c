//! Floods of what is dear: passwords are hashed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use strongroom_tests::attackers::{allow_many_open_files, attacker};
use strongroom_tests::bank::{PASSWORD, new_email};
use strongroom_tests::registry::Registry;
use strongroom_tests::scale::short_or_full;
use strongroom_tests::{Bank, json, wait_until};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The logins of one address.
const LOGINS_EACH: usize = 8;
/// All that a customer and an administrator do meanwhile; when hashing had no lane of its own one
/// call took 9 s.
const CALLS: usize = 20;
const CALLS_TIME_MAX: Duration = Duration::from_secs(60);

/// The default cost of a password, which other tests do not pay.
fn dear_passwords() -> Registry {
    Registry::bank().change("auth", |auth| {
        auth.config("argon2_memory_kib", "19456")
            .config("argon2_iterations", "2")
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_logins_holds_up_nothing_but_logins() {
    allow_many_open_files();
    let bank = Bank::start_with(&dear_passwords()).await;
    let (admin, customer, leaver) = (
        bank.admin().await,
        bank.customer().await,
        bank.customer().await,
    );
    let over = Arc::new(AtomicBool::new(false));
    let mut flood = JoinSet::new();
    for number in 0..short_or_full(400, 1_600) {
        let client = bank.client_at(attacker(number / LOGINS_EACH));
        let (over, email) = (Arc::clone(&over), customer.email.clone());
        flood.spawn(async move {
            let body = json!({"email": email, "password": "not the password of anybody"});
            let mut statuses = Vec::new();
            while !over.load(Relaxed) {
                let call = client.post("/api/auth/login").json(&body);
                if let Ok(answer) = call.try_send().await {
                    statuses.push(answer.status);
                }
            }
            statuses
        });
    }
    let calls = async {
        for _call in 0..CALLS {
            customer.read("/api/auth/me").await;
        }
        let disable = admin
            .patch(&format!("/api/auth/users/{}", leaver.id))
            .json(&json!({"disabled": true}));
        disable.await.expect(200);
        leaver.get("/api/auth/me").await.bad_token();
    };
    timeout(CALLS_TIME_MAX, calls)
        .await
        .expect("calls that hash nothing do not wait for those that do");
    over.store(true, Relaxed);
    let statuses = flood.join_all().await.concat();
    assert!(!statuses.is_empty(), "the flood was answered");
    for status in &statuses {
        assert!([401, 429, 503].contains(status), "{status}");
    }
    assert!(
        statuses.iter().any(|status| *status != 401),
        "some are refused before they are hashed"
    );
    wait_until("a password to be hashed again", 60, async || {
        bank.register(&new_email(), PASSWORD).await.status == 201
    })
    .await;
}
