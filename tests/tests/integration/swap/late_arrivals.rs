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

#[tokio::test]
async fn a_callee_changes_in_the_save_in_which_its_caller_stops_calling_it_or_was_refused_before() {
    for was_refused in [false, true] {
        let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
        let other = pair("asker-1", "quoter-2");
        if was_refused {
            host.save(&other);
            wait_for_refusal(&host, "quoter", &[]).await;
        }
        host.save(&other.service("asker", version("version-a")));
        wait_for_generation(&host, "asker", 2).await;
        wait_for_generation(&host, "quoter", 2).await;
    }
}

/// A turned link would lead from the new callee to the old caller, and from there back.
#[tokio::test]
async fn links_that_are_turned_round_in_part_make_no_circle() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let turned = Registry::empty().service("asker", missing());
    host.save(&turned.service("quoter", asker_of("asker-1", "asker")));
    for name in ["asker", "quoter"] {
        wait_for_refusal(&host, name, &[]).await;
    }
    assert_answers(&host, "/api/asker", "asker-1 quoter-1").await;
}
