//! Services that come, also later than they were meant to.

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

/// The old one sleeps in its `start` when the good one is put in its place.
#[tokio::test]
async fn a_component_that_is_saved_while_a_bad_one_starts_is_taken() {
    let (registry, host) = start_beside_a_bystander().await;
    let file = host.folder().join("changing.wasm");
    std::fs::write(&file, guest_bytes("clockwork")).expect("a file can be written");
    let sleeper = of_file(version("version-a"), "changing.wasm");
    let sleeper = sleeper.config("start", "sleep").limit("start", "3s");
    host.save(&registry.service("changing", sleeper));
    wait_for_log(&host, &["\"message\":\"start\""]).await;
    replace(host.folder(), "changing.wasm", &guest_bytes("version-b"));
    wait_for_generation(&host, "changing", 2).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    assert!(host.service("changing").await["last_error"].is_null());
}

/// Its first `start` makes the password, whenever that is.
#[tokio::test]
async fn auth_that_is_mended_after_the_start_serves_and_hands_out_the_first_password() {
    let broken = Registry::bank().change("auth", |auth| auth.set("component", "nowhere.wasm"));
    let mut host = Host::prepared(&broken, None);
    host.launch();
    wait_for_refusal(&host, "auth", &["nowhere.wasm"]).await;
    wait_for_refusal(&host, "transactions", &["`auth`"]).await;
    wait_for_generation(&host, "token", 1).await;
    host.client().read("/api/token/jwks").await;
    assert_eq!(host.admin().get("/readyz").await.status, 503);
    let file = host.data().join("auth.start.txt");
    assert!(!file.exists());
    host.save(&Registry::bank());
    wait_until("the password and the host", 60, async || {
        let is_ready = host.admin().get("/readyz").await.status == 200;
        let handed_out = std::fs::read_to_string(&file);
        is_ready && handed_out.is_ok_and(|text| text.contains("the password "))
    })
    .await;
}
