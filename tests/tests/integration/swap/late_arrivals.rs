//! Services that come to serve later than they were meant to.

use super::*;

/// The old one sleeps in its `start` when the good one is put in its place.
#[tokio::test]
async fn a_component_that_is_saved_while_a_bad_one_starts_is_taken() {
    let (registry, host) = start_beside_a_bystander().await;
    let file = host.folder().join("changing.wasm");
    std::fs::write(&file, guest_bytes("clockwork")).expect("a file can be written");
    let sleeper = of_file(version("version-a"), "changing.wasm")
        .config("start", "sleep")
        .limit("start", "3s");
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
