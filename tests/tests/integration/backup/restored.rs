//! What works in a restored bank, and what does not any more.

use super::*;
use strongroom_tests::api_key::ApiKey;
use strongroom_tests::{Person, json, list};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_end_keys_wait_and_places_beyond_the_backup_are_gone() {
    let bank = Bank::start().await;
    let pair = bank.pair().await;
    pair.send("1.00").await;
    let key = ApiKey::create(&pair.admin, &["accounts:read"]).await;
    key.get("/api/accounts").await.expect(200);
    let folder = bank.folder().join("backup");
    back_up(&bank, &folder).await.assert_success();
    // This is lost.
    let lost = pair.send("2.00").await;
    let beyond = lost["sequence"].as_u64().expect("a number");

    let mut restored = restored(&folder);
    restored.host.serve().await;

    assert_eq!(restored.me(pair.alice.token()).await.status, 401);
    let refreshed = restored.refresh(&pair.alice.refresh_token).await;
    assert_eq!(refreshed.status, 400, "{}", refreshed.text());
    let client = restored.client();
    let alice = Person::log_in(&client, &pair.alice.email, &pair.alice.password).await;
    assert_eq!(alice.balance(&pair.from).await, "99.00");

    let admin = restored.admin().await;
    for feed in ["accounts/journal", "transactions/events"] {
        let at = |sequence| format!("/api/{feed}?after_sequence={sequence}");
        let gone = admin.get(&at(beyond)).await;
        gone.refused(410, "history_restored");
        let page = admin.read(&at(beyond - 1)).await;
        assert_eq!(page["data"], json!([]), "{feed}");
    }

    let key = key.at(&restored);
    let refused = key.get("/api/accounts").await;
    assert_eq!(refused.status, 401);
    assert!(refused.text().contains("confirm"), "{}", refused.text());
    let keys = admin.read("/api/auth/keys").await;
    assert_eq!(list(&keys["data"])[0]["needs_confirmation"], true, "{keys}");
    let path = format!("/api/auth/keys/{}/confirm", key.id);
    let confirmed = admin.post(&path).await.expect(200);
    assert_eq!(confirmed["needs_confirmation"], false, "{confirmed}");
    key.get("/api/accounts").await.expect(200);

    restored.host.restart().await;
    key.at(&restored).get("/api/accounts").await.expect(200);
    assert_eq!(restored.me(pair.alice.token()).await.status, 401);
}
