//! Services that come.

use super::*;

async fn assert_added_is(host: &Host, status: u16, code: &str) {
    let answer = host.client().get("/api/added").await;
    answer.refused(status, code);
}

#[tokio::test]
async fn a_service_is_added_by_saving_it_and_a_caller_with_its_callee() {
    let (registry, host) = start_beside_a_bystander().await;
    assert_added_is(&host, 404, "no_such_service").await;
    let registry = registry.service("added", version("version-b"));
    host.save(&registry);
    let added = wait_for_generation(&host, "added", 1).await;
    assert_eq!(added["route"], "/api/added");
    let change = &added["changes"][0];
    assert_json!(change, {
        "outcome": "switched", "from_digest": null, "to_digest": added["digest"],
    });
    assert_eq!(change["changed"][0], "added", "{change}");
    assert_answers(&host, "/api/added", "version-b").await;
    assert_eq!(host.service("changing").await["generation"], 1);

    let both = registry.service("asker", asker("asker-1"));
    host.save(&both.service("quoter", version("quoter-1")));
    wait_for_generation(&host, "asker", 1).await;
    assert_answers(&host, "/api/asker", "asker-1 quoter-1").await;
}

#[tokio::test]
async fn a_service_that_cannot_serve_is_listed_as_failed_and_can_be_mended_or_taken_back() {
    let (registry, host) = start_beside_a_bystander().await;
    let slow = Service::guest("clockwork").config("start", "sleep");
    let slow = slow.limit("start", "3s");
    for (bad, state, reason) in [
        (missing(), "failed", "nowhere.wasm"),
        (slow, "starting", "longer than 3s"),
    ] {
        host.save(&registry.clone().service("added", bad));
        wait_for_state(&host, "added", state).await;
        assert_added_is(&host, 503, "service_unavailable").await;
        assert_eq!(host.admin().get("/readyz").await.status, 200);
        assert_answers(&host, "/api/changing", "version-a").await;
        wait_for_refusal(&host, "added", &[reason]).await;
        assert_json!(host.service("added").await, {"state": "failed", "generation": 0});
        assert_eq!(host.admin().get("/readyz").await.status, 200);
        if state == "failed" {
            let mended = registry.clone().service("added", version("version-b"));
            host.save_registry(&mended).await;
            assert_answers(&host, "/api/added", "version-b").await;
        }
        host.save(&registry);
        wait_until_gone(&host, "added").await;
        assert_added_is(&host, 404, "no_such_service").await;
    }
}

#[tokio::test]
async fn a_service_that_is_added_ticks_also_in_its_next_generation() {
    let (registry, host) = start_beside_a_bystander().await;
    let ticking = registry.service("added", Service::guest("clockwork").public());
    host.save_registry(&ticking).await;
    wait_for_log(&host, &["\"tick\"", "\"added\""]).await;
    let next = ticking.change("added", |service| service.config("word", "x"));
    host.save_registry(&next).await;
    let ticks = || host.log().matches("\"tick\"").count();
    let before = ticks();
    wait_until("two more ticks", 20, async || ticks() >= before + 2).await;
}
