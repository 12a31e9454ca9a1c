//! Floods of what is dear: passwords are hashed.

use super::*;
use strongroom_tests::attackers::allow_many_open_files;
use strongroom_tests::bank::new_email;
use tokio::time::timeout;

const LOGINS_EACH: usize = 8;
/// The calls of a customer meanwhile; when hashing had no lane of its own one took 9 s.
const CALLS: usize = 20;
const CALLS_TIME_MAX: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_logins_holds_up_nothing_but_logins() {
    allow_many_open_files();
    // The default cost of a password, which other tests do not pay.
    let dear = Registry::bank().change("auth", |auth| {
        auth.config("argon2_memory_kib", "19456")
            .config("argon2_iterations", "2")
    });
    let bank = Bank::start_with(&dear).await;
    let admin = bank.admin().await;
    let (customer, leaver) = (bank.customer().await, bank.customer().await);
    let body = json!({"email": customer.email, "password": "not the password of anybody"});
    let clients = (0..short_or_full(400, 1_600)).map(|number| {
        let client = bank.client_at(attacker(number / LOGINS_EACH));
        let body = body.clone();
        move || client.post("/api/auth/login").json(&body)
    });
    let flood = Flood::begin(clients, |outcome| {
        outcome.is_ok_and(|answer| {
            let Answer { status, .. } = answer;
            assert!([401, 429, 503].contains(&status), "{status}");
            status != 401
        })
    });
    let calls = async {
        for _call in 0..CALLS {
            customer.read("/api/auth/me").await;
        }
        let disable = json!({"disabled": true});
        admin.change_user(&leaver, &disable).await;
        leaver.get("/api/auth/me").await.bad_token();
    };
    let in_time = timeout(CALLS_TIME_MAX, calls).await;
    in_time.expect("calls that hash nothing do not wait for those that do");
    let refused = flood.end().await;
    assert!(refused > 0, "some are refused before they are hashed");
    let is_hashed = async || bank.register(&new_email(), PASSWORD).await.status == 201;
    wait_until("a password to be hashed again", 60, is_hashed).await;
}
