//! A revoked key opens nothing from the answer on, whoever uses it, and whatever happens then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use strongroom_tests::api_key::ApiKey;
use strongroom_tests::attackers::attacker;
use strongroom_tests::race::Flood;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::scale::short_or_full;
use strongroom_tests::{Bank, assert_parts};
use tokio::time::sleep;

/// What returns the headers of a request, and a header.
const SEEN: &str = "/api/guarded/seen-headers";
const MARK: &str = "x-begun-after";

/// Clients that use one key, from many addresses. They mark each request that begins when the
/// revocation was answered, and the component returns the marks of what it serves.
fn use_without_rest(bank: &Bank, key: &ApiKey, is_revoked: &Arc<AtomicBool>) -> Flood {
    let clients = (0..64).map(|number| {
        let client = bank.client_at(attacker(number)).with_token(key.token());
        let is_revoked = Arc::clone(is_revoked);
        move || {
            let call = client.get(SEEN);
            match is_revoked.load(SeqCst) {
                true => call.header(MARK, "204"),
                false => call,
            }
        }
    });
    Flood::begin(clients, |outcome| {
        let answer = outcome.expect("the host answers");
        let is_served = answer.status < 300;
        let is_late = is_served && answer.text().contains(MARK);
        assert!(!is_late, "a 2xx after the 204");
        is_served
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_succeeds_after_the_204_also_when_the_host_is_killed_then() {
    let registry = Registry::bank().service("guarded", Service::guest("hostile"));
    let mut bank = Bank::start_with(&registry).await;
    let mut admin = bank.admin().await;
    let kept = ApiKey::create(&admin, &["guarded:read"]).await;
    for _round in 0..short_or_full(3, 20) {
        let key = ApiKey::create(&admin, &["guarded:read"]).await;
        let is_revoked = Arc::new(AtomicBool::new(false));
        let users = use_without_rest(&bank, &key, &is_revoked);
        users.go_on().await;
        key.revoke(&admin).await;
        is_revoked.store(true, SeqCst);
        // They go on for so long.
        sleep(Duration::from_millis(500)).await;
        users.end().await;

        let last = ApiKey::create(&admin, &["guarded:read"]).await;
        last.revoke(&admin).await;
        bank.host.restart().await;
        admin = admin.at(&bank);
        for revoked in [&key, &last] {
            revoked.at(&bank).get(SEEN).await.bad_token();
        }
        let answer = kept.at(&bank).get(SEEN).header(MARK, "204").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_parts(&answer.text(), &[MARK]);
    }
}
