//! The host is told to stop while something changes.

use crate::operator::{assert_answers, wait_for_log};
use crate::versions::{beside_a_bystander, version};
use rustix::process::Signal;
use strongroom_tests::host::Host;
use strongroom_tests::registry::Service;
use strongroom_tests::wait_for;
use strongroom_tests::wire::Connection;

#[tokio::test]
async fn a_stop_while_a_service_starts_is_not_kept_waiting() {
    let registry = beside_a_bystander(version("version-a"));
    let mut host = Host::start(&registry, None).await;
    let slow = Service::guest("clockwork")
        .config("start", "sleep")
        .limit("start", "10m");
    registry.service("changing", slow).save(host.folder());
    // A reload waits for its turn, and tells so that the change has begun.
    let admin = host.admin();
    let reload = tokio::spawn(admin.post("/services/reload").try_send());
    wait_for("the change to begin", 20, async || {
        let (registry, log) = (admin.get("/services").await.json(200), host.log());
        assert!(!log.contains("was refused"), "{log}");
        (registry["registry"]["taken_at"] != registry["services"][0]["since"]).then_some(())
    })
    .await;
    assert_answers(&host, "/api/changing", "version-a").await;
    host.signal(Signal::TERM);
    let status = host.wait_for_exit().await;
    assert_eq!(status.code(), Some(0), "{status:?}");
    drop(reload);
}

#[tokio::test]
async fn what_is_saved_while_draining_is_not_taken() {
    let registry = beside_a_bystander(version("version-a"));
    let mut host = Host::start(&registry, None).await;
    let mut sender = Connection::open(host.address()).await;
    sender
        .send("POST /api/changing/length HTTP/1.1\r\nhost: bank\r\ncontent-length: 10\r\n\r\n12345")
        .await;
    wait_for("the request to begin", 20, async || {
        let changing = crate::operator::service(&host, "changing").await;
        (changing["requests_total"] == 1).then_some(())
    })
    .await;
    host.signal(Signal::TERM);
    wait_for_log(&host, &["draining"]).await;
    let admin = host.admin();
    assert_eq!(admin.get("/readyz").await.status, 503);
    registry
        .service("changing", version("version-b"))
        .save(host.folder());
    let reload = admin.post("/services/reload").await;
    assert_ne!(reload.status, 200, "nothing was done: {}", reload.text());
    let service = crate::operator::service(&host, "changing").await;
    assert_eq!(
        (&service["generation"], &service["state"]),
        (&1.into(), &"draining".into())
    );
    sender.send("67890").await;
    sender.wait_for("version-a 10").await;
    let status = host.wait_for_exit().await;
    assert_eq!(status.code(), Some(0), "{status:?}");
}
