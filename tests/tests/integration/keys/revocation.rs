//! A revoked key opens nothing from the answer on, whoever uses it, and whatever happens then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use strongroom_tests::api_key::ApiKey;
use strongroom_tests::attackers::attacker;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::scale::short_or_full;
use strongroom_tests::{Bank, wait_until};
use tokio::task::JoinSet;
use tokio::time::sleep;

const CLIENTS: usize = 64;
/// How long they go on after it is revoked.
const AFTER: Duration = Duration::from_millis(500);

/// Clients that use one key, from many addresses.
struct Users {
    is_revoked: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
    served: Arc<AtomicUsize>,
    clients: JoinSet<()>,
}

impl Users {
    fn begin(bank: &Bank, key: &ApiKey) -> Self {
        let mut users = Self {
            is_revoked: Arc::default(),
            is_over: Arc::default(),
            served: Arc::default(),
            clients: JoinSet::new(),
        };
        for number in 0..CLIENTS {
            let client = bank.client_at(attacker(number)).with_token(key.token());
            let is_revoked = Arc::clone(&users.is_revoked);
            let (is_over, served) = (Arc::clone(&users.is_over), Arc::clone(&users.served));
            users.clients.spawn(async move {
                while !is_over.load(SeqCst) {
                    let was_revoked = is_revoked.load(SeqCst);
                    let answer = client.get("/api/guarded/fine").await;
                    let is_served = answer.status < 300;
                    assert!(!(was_revoked && is_served), "a 2xx after the 204");
                    served.fetch_add(usize::from(is_served), SeqCst);
                }
            });
        }
        users
    }

    async fn end(self) {
        self.is_over.store(true, SeqCst);
        self.clients.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_succeeds_after_the_204_also_when_the_host_is_killed_then() {
    let registry = Registry::bank().service("guarded", Service::guest("hostile"));
    let mut bank = Bank::start_with(&registry).await;
    let mut admin = bank.admin().await;
    let kept = ApiKey::create(&admin, &["guarded:read"]).await;
    for _round in 0..short_or_full(3, 20) {
        let key = ApiKey::create(&admin, &["guarded:read"]).await;
        let users = Users::begin(&bank, &key);
        let are_served = async || users.served.load(SeqCst) > 4 * CLIENTS;
        wait_until("all clients to be served", 60, are_served).await;
        key.revoke(&admin).await;
        users.is_revoked.store(true, SeqCst);
        sleep(AFTER).await;
        users.end().await;

        let last = ApiKey::create(&admin, &["guarded:read"]).await;
        last.revoke(&admin).await;
        bank.host.restart().await;
        admin = admin.at(&bank);
        for revoked in [&key, &last] {
            let answer = revoked.at(&bank).get("/api/guarded/fine").await;
            answer.bad_token();
        }
        let answer = kept.at(&bank).get("/api/guarded/fine").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}
