//! A client changes its key between a request and its retry.

use strongroom_tests::api_key::ApiKey;
use strongroom_tests::bank::{cash, new_key};
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, json};

const SCOPES: [&str; 1] = ["transactions:write"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_rotated_between_a_503_and_its_retry_posts_once() {
    let mut bank = Bank::start().await;
    let account = bank.customer().await.open_account("EUR").await;
    let old = ApiKey::create(&bank.admin().await, &SCOPES).await;

    // Without accounts, transactions does not serve.
    bank.host.kill();
    bank.save(&Registry::bank().change("accounts", |accounts| {
        accounts.set("component", "nowhere.wasm")
    }));
    bank.host.launch();
    let (idempotency_key, body) = (new_key(), cash(&account, "1.00", "EUR"));
    let deposit = async |key: &ApiKey| {
        let call = key.post("/api/transactions/deposit");
        call.key(&idempotency_key).json(&body).await
    };
    let failed = deposit(&old.at(&bank)).await;
    failed.refused(503, "service_unavailable");

    let admin = bank.admin().await;
    let rotated = json!({"name": "new", "client_id": old.client_id, "scopes": SCOPES});
    let new = ApiKey::of(&admin, &rotated).await;
    bank.save_registry(&Registry::bank()).await;
    bank.wait_until_ready().await;
    let first = deposit(&old.at(&bank)).await;
    assert_eq!((first.status, first.replayed()), (201, false));
    old.revoke(&admin).await;
    let again = deposit(&new).await;
    assert_eq!((again.status, again.replayed()), (201, true));
    assert_eq!(again.text(), first.text());
    assert_eq!(admin.balance(&account).await, "1.00");
}
