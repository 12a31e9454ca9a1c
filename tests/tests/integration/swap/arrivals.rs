//! Services that come.

use crate::swap::operator::{
    assert_answers, listed, service, wait_for_generation, wait_for_log, wait_for_refusal,
};
use crate::swap::versions::{asker, beside_a_bystander, version};
use strongroom_tests::host::Host;
use strongroom_tests::registry::Service;
use strongroom_tests::wait_for;

#[tokio::test]
async fn a_service_is_added_by_saving_it() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    host.client()
        .get("/api/added")
        .await
        .refused(404, "no_such_service");
    registry
        .service("added", version("version-b"))
        .save(host.folder());
    let added = wait_for_generation(&host, "added", 1).await;
    assert_eq!(added["route"], "/api/added");
    let change = &added["changes"][0];
    assert_eq!(change["changed"][0], "added", "{change}");
    assert_eq!(change["outcome"], "switched", "{change}");
    assert!(change["from_digest"].is_null(), "{change}");
    assert_eq!(change["to_digest"], added["digest"], "{change}");
    assert_answers(&host, "/api/added", "version-b").await;
    assert_eq!(service(&host, "changing").await["generation"], 1);
}

#[tokio::test]
async fn a_caller_and_its_callee_are_added_together() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    registry
        .service("asker", asker("asker-1"))
        .service("quoter", version("quoter-1"))
        .save(host.folder());
    wait_for_generation(&host, "asker", 1).await;
    assert_answers(&host, "/api/asker", "asker-1 quoter-1").await;
}

#[tokio::test]
async fn a_service_that_cannot_serve_is_listed_as_failed_and_the_host_stays_ready() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let bad = version("version-a").set("component", "nowhere.wasm");
    registry.clone().service("added", bad).save(host.folder());
    let reason = wait_for_refusal(&host, "added").await;
    assert!(reason.contains("nowhere.wasm"), "{reason}");
    let failed = service(&host, "added").await;
    assert_eq!(
        (&failed["state"], &failed["generation"]),
        (&"failed".into(), &0.into())
    );
    host.client()
        .get("/api/added")
        .await
        .refused(503, "service_unavailable");
    assert_eq!(host.admin().get("/readyz").await.status, 200);

    registry
        .clone()
        .service("added", version("version-b"))
        .save(host.folder());
    wait_for_generation(&host, "added", 1).await;
    assert_answers(&host, "/api/added", "version-b").await;
    registry.save(host.folder());
    wait_for("the service to go", 30, async || {
        listed(&host, "added").await.is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_service_that_never_served_can_be_taken_back() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let bad = version("version-a").set("component", "nowhere.wasm");
    registry.clone().service("added", bad).save(host.folder());
    wait_for_refusal(&host, "added").await;
    registry.save(host.folder());
    wait_for("the service to go", 30, async || {
        listed(&host, "added").await.is_none().then_some(())
    })
    .await;
    host.client()
        .get("/api/added")
        .await
        .refused(404, "no_such_service");
}

#[tokio::test]
async fn the_host_is_ready_and_serves_while_a_service_is_being_added() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let slow = Service::guest("clockwork")
        .public()
        .config("start", "sleep")
        .limit("start", "3s");
    registry.service("added", slow).save(host.folder());
    wait_for("the service to be seen", 30, async || {
        let added = listed(&host, "added").await?;
        (added["state"] == "starting").then_some(())
    })
    .await;
    assert_eq!(host.admin().get("/readyz").await.status, 200);
    assert_answers(&host, "/api/changing", "version-a").await;
    host.client()
        .get("/api/added")
        .await
        .refused(503, "service_unavailable");
    wait_for_refusal(&host, "added").await;
    assert_eq!(host.admin().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_service_that_failed_at_the_start_is_taken_when_it_is_mended_and_the_host_gets_ready() {
    let registry = beside_a_bystander(version("version-a"));
    let bad = registry.clone().change("changing", |service| {
        service.set("component", "nowhere.wasm")
    });
    let mut host = Host::prepared(&bad, None);
    host.launch();
    wait_for_refusal(&host, "changing").await;
    wait_for_generation(&host, "bystander", 1).await;
    assert_answers(&host, "/api/bystander", "version-a").await;
    assert_eq!(host.admin().get("/readyz").await.status, 503);
    registry.save(host.folder());
    wait_for_generation(&host, "changing", 1).await;
    assert_answers(&host, "/api/changing", "version-a").await;
    assert_eq!(host.admin().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_service_that_is_added_ticks() {
    let host = Host::start(&beside_a_bystander(version("version-a")), None).await;
    let ticking = beside_a_bystander(version("version-a"))
        .service("added", Service::guest("clockwork").public());
    host.save_registry(&ticking).await;
    wait_for_log(&host, &["\"tick\"", "\"added\""]).await;
    // And goes on ticking in its next generation.
    host.save_registry(&ticking.change("added", |service| service.config("word", "x")))
        .await;
    let ticks = || host.log().matches("\"tick\"").count();
    let before = ticks();
    wait_for("two more ticks", 20, async || {
        (ticks() >= before + 2).then_some(())
    })
    .await;
}
