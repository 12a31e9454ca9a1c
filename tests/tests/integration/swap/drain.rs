//! The host has to stop while something changes.

use super::*;
use rustix::process::Signal;
use strongroom_tests::wire::Connection;

#[tokio::test]
async fn a_stop_while_a_service_starts_is_not_kept_waiting() {
    let (registry, mut host) = start_beside_a_bystander().await;
    let slow = Service::guest("clockwork").config("start", "sleep");
    host.save(&registry.service("added", slow.limit("start", "10m")));
    wait_for_state(&host, "added", "starting").await;
    // Who asks for another change waits for this one.
    let reload = tokio::spawn(host.admin().post("/services/reload").try_send());
    assert_answers(&host, "/api/changing", "version-a").await;
    host.signal(Signal::TERM);
    let status = host.wait_for_exit().await;
    assert_eq!(status.code(), Some(0), "{status:?}");
    let cut_off = reload.await.expect("it ends");
    assert!(cut_off.is_err() || cut_off.is_ok_and(|answer| answer.status != 200));
}

#[tokio::test]
async fn what_is_saved_while_draining_is_not_taken() {
    let (registry, mut host) = start_beside_a_bystander().await;
    let mut sender = Connection::open(host.address()).await;
    let head = "POST /api/changing/length HTTP/1.1\r\nhost: bank\r\ncontent-length: 10\r\n\r\n";
    sender.send(format!("{head}12345")).await;
    wait_for_requests(&host, "changing", 1).await;
    host.signal(Signal::TERM);
    wait_for_log(&host, &["draining"]).await;
    let admin = host.admin();
    assert_eq!(admin.get("/readyz").await.status, 503);
    host.save(&registry.service("changing", version("version-b")));
    let reload = admin.post("/services/reload").await;
    assert_ne!(reload.status, 200, "nothing was done: {}", reload.text());
    let changing = host.service("changing").await;
    assert_json!(changing, {"generation": 1, "state": "draining"});
    sender.send("67890").await;
    sender.wait_for("version-a 10").await;
    let status = host.wait_for_exit().await;
    assert_eq!(status.code(), Some(0), "{status:?}");
}
