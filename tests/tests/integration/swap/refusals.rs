//! A new version with something wrong: the old one goes on serving, the operator is told why, and what is mended is taken.

use std::fs;

use crate::swap::files::{digest_of, guest_bytes, host_with_file, of_file, replace};
use crate::swap::load::Load;
use crate::swap::operator::{
    assert_answers, history, latest, service, wait_for_generation, wait_for_log, wait_for_refusal,
};
use crate::swap::versions::{beside_a_bystander, version};
use strongroom_tests::bank::text;
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Value, wait_for, workspace};

/// Saves a registry in which the service `changing` cannot serve, with a good change of the bystander beside it. Asserts that it is
/// refused with a reason that has all of `parts`, that what served goes on, and that a mended one is taken.
async fn is_refused(bad: Service, parts: &[&str]) {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    assert_refused(&host, &registry, bad, parts).await;
}

async fn assert_refused(host: &Host, registry: &Registry, bad: Service, parts: &[&str]) {
    let before = service(host, "changing").await;
    registry
        .clone()
        .service("changing", bad)
        .service("bystander", version("version-b"))
        .save(host.folder());
    let reason = wait_for_refusal(host, "changing").await;
    for part in parts {
        assert!(reason.contains(part), "{part} is not in: {reason}");
    }
    assert_goes_on(host, &before, &reason).await;
    wait_for_generation(host, "bystander", 2).await;
    assert_answers(host, "/api/bystander", "version-b").await;

    registry
        .clone()
        .service("changing", version("version-b"))
        .save(host.folder());
    let mended = wait_for_generation(host, "changing", 2).await;
    assert!(mended["last_error"].is_null(), "{mended}");
    assert_answers(host, "/api/changing", "version-b").await;
}

/// What served before the refusal still does, and the refusal is told everywhere.
async fn assert_goes_on(host: &Host, before: &Value, reason: &str) {
    assert_answers(host, "/api/changing", "version-a").await;
    assert_eq!(host.admin().get("/readyz").await.status, 200);
    let after = service(host, "changing").await;
    for key in ["generation", "since", "digest", "component", "state"] {
        assert_eq!(after[key], before[key], "{key} of {after}");
    }
    let refused = latest(host, "changing").await;
    assert_eq!(refused["outcome"], "refused", "{refused}");
    assert_eq!(refused["reason"], reason);
    assert_eq!(refused["from_digest"], before["digest"], "{refused}");
    assert!(refused["steps_us"]["switch"].is_null(), "{refused}");
    assert!(
        !refused["changed"].as_array().expect("a list").is_empty(),
        "{refused}"
    );
    let first_line = reason.lines().next().expect("a reason");
    let first_words: String = first_line.chars().take(60).collect();
    let words = first_words.replace('"', "\\\"");
    wait_for_log(host, &["ERROR", "refused", "changing", &words]).await;
}

/// Waits until the service runs what the registry says.
async fn wait_until_settled(host: &Host) {
    wait_for("the refusal to be over", 20, async || {
        let last_error = &service(host, "changing").await["last_error"];
        last_error.is_null().then_some(())
    })
    .await;
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("it is well-formed")
}

/// Like [`is_refused`], with these bytes as the component's file.
async fn bytes_are_refused(bytes: &[u8], parts: &[&str]) {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    replace(host.folder(), "bad.wasm", bytes);
    let bad = of_file(version("version-a"), "bad.wasm");
    assert_refused(&host, &registry, bad, parts).await;
}

#[tokio::test]
async fn a_file_that_is_missing() {
    let bad = of_file(version("version-a"), "nowhere.wasm");
    is_refused(bad, &["nowhere.wasm", "cannot be read", "No such file"]).await;
}

#[tokio::test]
async fn a_file_that_is_no_webassembly() {
    bytes_are_refused(
        b"nothing of the sort",
        &["bad.wasm", "not a WebAssembly component"],
    )
    .await;
}

#[tokio::test]
async fn an_empty_file() {
    bytes_are_refused(b"", &["bad.wasm", "not a WebAssembly component"]).await;
}

#[tokio::test]
async fn a_file_that_is_cut_off() {
    let whole = guest_bytes("version-b");
    bytes_are_refused(
        &whole[..whole.len() / 2],
        &["bad.wasm", "not a WebAssembly component"],
    )
    .await;
}

#[tokio::test]
async fn a_core_module() {
    bytes_are_refused(
        &wat("(module)"),
        &["bad.wasm", "not a WebAssembly component", "module"],
    )
    .await;
}

#[tokio::test]
async fn a_component_that_handles_no_requests() {
    bytes_are_refused(
        &wat("(component)"),
        &["wasi:http/incoming-handler", "wasi:http/handler"],
    )
    .await;
}

#[tokio::test]
async fn an_import_that_nobody_has() {
    let bytes = wat(
        r#"(component (import "tests:nobody/nothing@1.0.0" (instance (export "act" (func)))))"#,
    );
    bytes_are_refused(&bytes, &["`tests:nobody/nothing@1.0.0`", "links"]).await;
}

#[tokio::test]
async fn an_import_that_was_not_granted() {
    let token = workspace::component("token").display().to_string();
    let bad = version("version-a").set("component", token);
    is_refused(bad, &["`strongroom:keys/signer", "not granted", "grants"]).await;
}

#[tokio::test]
async fn a_digest_that_is_not_the_pinned_one() {
    let pinned = digest_of(b"another component");
    let bad = version("version-b").set("digest", pinned.clone());
    let found = digest_of(&guest_bytes("version-b"));
    is_refused(bad, &["version-b.wasm", "digest", &pinned, &found]).await;
}

#[tokio::test]
async fn a_pinned_file_whose_content_changes() {
    let pinned = version("version-a").set("digest", digest_of(&guest_bytes("version-a")));
    let (host, _file) = host_with_file(&beside_a_bystander(pinned), "version-a").await;
    replace(host.folder(), "changing.wasm", &guest_bytes("version-b"));
    let reason = wait_for_refusal(&host, "changing").await;
    assert!(
        reason.contains("pins") && reason.contains("changing.wasm"),
        "{reason}"
    );
    assert_answers(&host, "/api/changing", "version-a").await;
    replace(host.folder(), "changing.wasm", &guest_bytes("version-a"));
    wait_until_settled(&host).await;
    assert_eq!(
        service(&host, "changing").await["generation"],
        1,
        "nothing was swapped"
    );
}

#[tokio::test]
async fn a_memory_limit_that_no_instance_fits_in() {
    let bad = version("version-b").limit("memory", "64KiB");
    is_refused(bad, &["no instance", "memory", "limits"]).await;
}

fn clockwork(start: &str) -> Service {
    Service::guest("clockwork")
        .public()
        .config("start", start)
        .limit("start", "1s")
        .limit("cpu", "500ms")
}

#[tokio::test]
async fn a_start_that_traps() {
    is_refused(clockwork("panic"), &["`start` failed"]).await;
}

#[tokio::test]
async fn a_start_that_says_no() {
    is_refused(clockwork("long-error"), &["`start` failed", "xxx"]).await;
}

#[tokio::test]
async fn a_start_that_never_ends() {
    is_refused(clockwork("sleep"), &["`start` failed", "in time"]).await;
}

#[tokio::test]
async fn a_start_that_loops_for_ever() {
    is_refused(clockwork("loop"), &["`start` failed", "in time"]).await;
}

#[tokio::test]
async fn a_refusal_is_told_once_and_tried_again_only_when_asked_for() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let bad = registry.change("changing", |service| of_file(service, "nowhere.wasm"));
    bad.save(host.folder());
    wait_for_refusal(&host, "changing").await;
    // Another save, of something else: what was refused is the same, and is not tried again.
    let other = bad.clone().service("bystander", version("version-b"));
    other.save(host.folder());
    wait_for_generation(&host, "bystander", 2).await;
    let refusals = async || {
        let history = history(&host, "changing").await;
        history
            .iter()
            .filter(|change| change["outcome"] == "refused")
            .count()
    };
    assert_eq!(refusals().await, 1);
    // Somebody asks: it is tried again, and the answer tells that not all is done.
    let report = host.admin().post("/services/reload").await.json(422);
    assert_eq!(report["changes"][0]["service"], "changing", "{report}");
    assert_eq!(report["changes"][0]["outcome"], "refused", "{report}");
    assert!(
        text(&report["changes"][0]["reason"]).contains("nowhere.wasm"),
        "{report}"
    );
    assert_eq!(refusals().await, 2);
    assert!(service(&host, "changing").await["last_error"].is_string());
}

#[tokio::test]
async fn a_missing_file_that_comes_is_taken_without_being_asked_for() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let folder = host.folder().join("later");
    registry
        .change("changing", |service| of_file(service, "later/version.wasm"))
        .save(host.folder());
    wait_for_refusal(&host, "changing").await;
    fs::create_dir(&folder).expect("a folder can be made");
    replace(&folder, "version.wasm", &guest_bytes("version-b"));
    wait_for_generation(&host, "changing", 2).await;
    assert_answers(&host, "/api/changing", "version-b").await;
}

#[tokio::test]
async fn going_back_to_what_serves_ends_a_refusal() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    registry
        .clone()
        .change("changing", |service| of_file(service, "nowhere.wasm"))
        .save(host.folder());
    wait_for_refusal(&host, "changing").await;
    registry.save(host.folder());
    wait_until_settled(&host).await;
    assert_eq!(service(&host, "changing").await["generation"], 1);
}

#[tokio::test]
async fn a_file_that_goes_while_its_service_runs() {
    let registry = beside_a_bystander(version("version-a"));
    let (host, file) = host_with_file(&registry, "version-a").await;
    fs::remove_file(&file).expect("it can be removed");
    let reason = wait_for_refusal(&host, "changing").await;
    assert!(
        reason.contains("changing.wasm") && reason.contains("cannot be read"),
        "{reason}"
    );
    assert_answers(&host, "/api/changing", "version-a").await;
    replace(host.folder(), "changing.wasm", &guest_bytes("version-a"));
    wait_until_settled(&host).await;
    assert_eq!(
        service(&host, "changing").await["generation"],
        1,
        "it is what serves"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_serves_goes_on_while_the_new_version_starts() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let load = Load::begin(
        2,
        || host.client(),
        "/api/changing",
        |text| text == "version-a",
    );
    registry
        .service("changing", clockwork("sleep"))
        .save(host.folder());
    wait_for_refusal(&host, "changing").await;
    load.go_on().await;
    load.end().await;
}
