//! A backup whose client reads slowly, as the host sends it.

use super::*;
use strongroom_tests::host::Host;
use strongroom_tests::wire::Connection;

/// More than the system takes for a client that does not read.
const CLOSED_STORE_BYTES: u64 = 64 << 20;
const CONNECTIONS: usize = 64;
/// How a whole response in chunks ends (RFC 9112 section 7.1).
const LAST_CHUNK: &str = "\r\n0\r\n\r\n";

fn registry() -> Registry {
    Registry::empty().service("kept", Service::guest("sql").public())
}

/// Begins a backup that comes no further than the store of a service that is gone.
async fn begin(host: &Host) -> Connection {
    let store = std::fs::File::create(host.data().join("stores/gone.sqlite"));
    let store = store.expect("it can be made");
    store.set_len(CLOSED_STORE_BYTES).expect("it can grow");
    let mut backup = Connection::open(host.admin_address()).await;
    let token = host.admin_token().expect("there is one");
    backup
        .send(format!(
            "POST /backup HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             connection: close\r\n\r\n"
        ))
        .await;
    backup.wait_for("gone.sqlite").await;
    backup
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goes_on_although_many_connect_and_breaks_off_where_a_store_was_opened_meanwhile() {
    let host = Host::start(&registry(), None).await;
    let mut backup = begin(&host).await;
    // As many as there may be.
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.push(Connection::open(host.admin_address()).await);
    }
    assert_eq!(host.admin().get("/healthz").await.status, 200);
    let sent = backup.read_to_the_end().await;
    assert!(sent.ends_with(LAST_CHUNK), "it breaks off");
    drop(idle);

    let mut backup = begin(&host).await;
    let more = registry().service("added", Service::guest("sql").public());
    host.save_registry(&more).await;
    assert_eq!(host.client().get("/api/added").await.status, 200);
    let sent = backup.read_to_the_end().await;
    assert!(!sent.ends_with(LAST_CHUNK), "it may be torn");
    let log = host.log_until_now().await;
    assert!(log.contains("back the bank up again"), "{log}");
}
