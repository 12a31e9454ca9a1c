//! `strongroom check --against`: what a registry would change in the running host, before it is
//! saved. Nothing of it is done, so that one host serves a test of many plans.

use super::*;
use std::fs;
use strongroom_tests::command::CommandOutput;

/// Runs `check --against` with a registry that is not the host's, in the host's folder.
async fn check(host: &Host, registry: &Registry) -> CommandOutput {
    fs::write(host.folder().join("next.toml"), registry.text()).expect("a file can be written");
    check_file(host, "next.toml", host.admin_address()).await
}

async fn check_file(host: &Host, file: &str, address: &str) -> CommandOutput {
    let arguments = ["check", "--registry", file, "--against", address];
    host.run(&arguments).await
}

#[track_caller]
fn assert_refused(outcome: &CommandOutput, parts: &[&str]) {
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(outcome.lines_with(parts).len(), 1, "{parts:?}: {outcome:?}");
}

#[track_caller]
fn assert_accepted(outcome: &CommandOutput, lines: usize) {
    outcome.assert_success();
    assert_eq!(outcome.stdout.lines().count(), lines, "{outcome:?}");
}

#[tokio::test]
async fn each_change_is_a_line_and_nothing_is_done() {
    let (registry, host) = start_beside_a_bystander().await;
    let outcome = check(&host, &registry).await;
    assert_accepted(&outcome, 1);
    assert_parts(&outcome.stdout, &["nothing would change"]);
    let next = Registry::empty()
        .service("changing", version("version-b").limit("queue", 7))
        .service("added", version("version-a"));
    let outcome = check(&host, &next).await;
    assert_accepted(&outcome, 3);
    for parts in [
        ["changing: ", "version-b.wasm", "limits.queue: 1024 -> 7"],
        ["added: ", "added", ""],
        ["bystander: ", "removed", ""],
    ] {
        let told = outcome.lines_with(&parts).len();
        assert_eq!(told, 1, "{parts:?}: {outcome:?}");
    }
    let panics = Service::guest("clockwork").config("start", "panic");
    let outcome = check(&host, &registry.service("changing", panics)).await;
    assert_accepted(&outcome, 1);
    assert!(!host.log_until_now().await.contains("a panic on demand"));
    assert_answers(&host, "/api/changing", "version-a").await;
    assert_answers(&host, "/api/bystander", "version-a").await;
    let added = host.client().get("/api/added").await;
    added.refused(404, "no_such_service");
    assert_eq!(history(&host, "changing").await.len(), 1);
    assert!(host.service("changing").await["last_error"].is_null());
}

#[tokio::test]
async fn what_would_be_refused_is_listed_with_its_reason() {
    let (registry, mut host) = start_beside_a_bystander().await;
    let canary = toml::toml! {
        component = "nowhere.wasm"
        weight = 5
    };
    let canary = beside_a_bystander(version("version-a").set("canary", canary));
    let mistaken = asker("asker-1").set("colour", "red");
    let mistaken = registry.service("changing", mistaken);
    let missing = beside_a_bystander(missing());
    for (next, parts) in [
        (missing, ["changing: ", "WOULD BE REFUSED", "nowhere.wasm"]),
        (canary, ["changing: ", "canary", "nowhere.wasm"]),
        (mistaken.clone(), ["toml:", "services.changing.links", ""]),
        (mistaken, ["toml:", "services.changing.colour", ""]),
    ] {
        assert_refused(&check(&host, &next).await, &parts);
    }
    let (admin, public) = (host.admin_address().to_owned(), host.address().to_owned());
    let outcome = check_file(&host, "registry.toml", &public).await;
    assert_refused(&outcome, &["not the admin API of a host", "admin address"]);
    host.kill();
    let outcome = check_file(&host, "registry.toml", &admin).await;
    assert_refused(&outcome, &["no host answers at", "admin address"]);
}

#[tokio::test]
async fn what_would_not_fit_its_caller_is_refused_unless_both_change() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let outcome = check(&host, &pair("asker-1", "quoter-2")).await;
    let parts = ["quoter: ", "WOULD BE REFUSED", "`asker`", "tests:quotes"];
    assert_refused(&outcome, &parts);
    let outcome = check(&host, &pair("asker-2", "quoter-2")).await;
    assert_accepted(&outcome, 2);
    assert_answers(&host, "/api/asker", "asker-1 quoter-1").await;
    assert!(host.service("quoter").await["last_error"].is_null());
}
