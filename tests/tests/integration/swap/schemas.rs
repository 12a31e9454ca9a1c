//! A service whose schema changes with its component: a newer one migrates the store, and one that
//! does not fit the store is refused.

use super::*;
use rusqlite::Connection;
use strongroom_tests::bank::ADMIN_PASSWORD;
use strongroom_tests::registry::BANK_SERVICES;

const KEEPER: &str = "/api/keeper";

fn keeper(guest: &str) -> Registry {
    Registry::empty().service("keeper", version(guest))
}

async fn keep(host: &Host, note: &'static str) {
    let answer = host.client().post(KEEPER).body("text/plain", note).await;
    assert_eq!(answer.text(), "kept");
}

#[tokio::test]
async fn a_newer_component_migrates_the_store_and_no_other_is_taken_after_it() {
    let mut host = Host::start(&keeper("keeper-1"), None).await;
    keep(&host, "plain").await;
    keep(&host, "starred").await;
    assert_answers(&host, KEEPER, "1 plain\n2 starred").await;

    let newer = keeper("keeper-2");
    host.save_registry(&newer).await;
    assert_answers(&host, KEEPER, "1 plain 0\n2 starred 1").await;
    for (guest, reason) in [
        ("keeper-1", "the store's schema is at migration 2"),
        ("keeper-other", "its migration 1 has other statements"),
    ] {
        host.save(&keeper(guest));
        wait_for_refusal(&host, "keeper", &[reason]).await;
        keep(&host, guest).await;
        host.save_registry(&newer).await;
    }

    // A second start migrates nothing.
    host.restart().await;
    let all = "1 plain 0\n2 starred 1\n3 keeper-1 0\n4 keeper-other 0";
    assert_answers(&host, KEEPER, all).await;
}

#[tokio::test]
async fn a_store_of_another_build_is_refused_at_start_by_each_service() {
    let mut host = Host::start(&Registry::bank(), Some(ADMIN_PASSWORD)).await;
    for (service, _) in BANK_SERVICES {
        host.kill();
        let file = host.data().join(format!("stores/{service}.sqlite"));
        let store = Connection::open(file).expect("the store");
        let honest = exchange_digest(&store, &[0; 32]);
        host.launch();
        wait_for_state(&host, service, "failed").await;
        let reason = "the store was made by another build of this service (its migration 1 has";
        wait_for_refusal(&host, service, &[reason]).await;
        assert_eq!(host.admin().get("/readyz").await.status, 503);
        host.kill();
        exchange_digest(&store, &honest);
    }
    host.serve().await;
}

fn exchange_digest(store: &Connection, digest: &[u8]) -> Vec<u8> {
    let select = "SELECT digest FROM schema_migration WHERE number = 1";
    let before = store.query_row(select, [], |row| row.get(0));
    let update = "UPDATE schema_migration SET digest = ?1 WHERE number = 1";
    let updated = store.execute(update, [digest]).expect("an update");
    assert_eq!(updated, 1);
    before.expect("a migration")
}
