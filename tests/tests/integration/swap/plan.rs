//! `strongroom check --against`: what a registry would change in the running host, before it is saved.

use std::fs;

use crate::swap::operator::{assert_answers, history, service};
use crate::swap::versions::{asker, beside_a_bystander, pair, version};
use strongroom_tests::command::{Outcome, run};
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use tokio::task::spawn_blocking;

/// Runs `check --against` with a registry that is not the host's, in the host's folder.
async fn check(host: &Host, registry: &Registry) -> Outcome {
    let text = registry.text();
    check_text(host, &text).await
}

async fn check_text(host: &Host, text: &str) -> Outcome {
    let folder = host.folder().to_owned();
    fs::write(folder.join("next.toml"), text).expect("a registry can be written");
    let address = host.admin_address().to_owned();
    let arguments = move || {
        run(
            &folder,
            &["check", "--registry", "next.toml", "--against", &address],
        )
    };
    spawn_blocking(arguments).await.expect("it runs")
}

#[tokio::test]
async fn nothing_would_change() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let outcome = check(&host, &registry).await;
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(outcome.stdout.lines().count(), 1, "{outcome:?}");
    assert!(
        outcome.stdout.contains("nothing would change"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn each_change_is_a_line_and_nothing_is_done() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let next = Registry::empty()
        .service("changing", version("version-b").limit("queue", 7))
        .service("added", version("version-a"));
    let outcome = check(&host, &next).await;
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(outcome.stdout.lines().count(), 3, "{outcome:?}");
    for parts in [
        ["changing: ", "version-b.wasm", "limits.queue: 1024 -> 7"],
        ["added: ", "added", ""],
        ["bystander: ", "removed", ""],
    ] {
        assert_eq!(
            outcome.lines_with(&parts).len(),
            1,
            "{parts:?} in {outcome:?}"
        );
    }
    assert_answers(&host, "/api/changing", "version-a").await;
    assert_answers(&host, "/api/bystander", "version-a").await;
    host.client()
        .get("/api/added")
        .await
        .refused(404, "no_such_service");
    assert_eq!(history(&host, "changing").await.len(), 1);
    assert!(service(&host, "changing").await["last_error"].is_null());
}

#[tokio::test]
async fn what_would_be_refused_is_told_with_its_reason() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let outcome = check(&host, &pair("asker-1", "quoter-2")).await;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let refused = outcome.lines_with(&[
        "quoter: ",
        "WOULD BE REFUSED",
        "`asker`",
        "tests:quotes/quotes",
    ]);
    assert_eq!(refused.len(), 1, "{outcome:?}");
    // Together they would do.
    let outcome = check(&host, &pair("asker-2", "quoter-2")).await;
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(outcome.stdout.lines().count(), 2, "{outcome:?}");
    assert_answers(&host, "/api/asker", "asker-1 quoter-1").await;
    assert!(service(&host, "quoter").await["last_error"].is_null());
}

#[tokio::test]
async fn a_missing_file_is_told() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let bad = version("version-a").set("component", "nowhere.wasm");
    let outcome = check(&host, &registry.service("changing", bad)).await;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(
        outcome
            .lines_with(&["changing: ", "WOULD BE REFUSED", "nowhere.wasm"])
            .len(),
        1,
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_start_is_not_run() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let next = registry.service(
        "changing",
        Service::guest("clockwork").config("start", "panic"),
    );
    let outcome = check(&host, &next).await;
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(!host.log_until_now().await.contains("a panic on demand"));
}

#[tokio::test]
async fn a_canary_that_would_be_refused_is_told() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let canary = toml::Table::from_iter([
        ("component".to_owned(), "nowhere.wasm".into()),
        ("weight".to_owned(), toml::Value::Integer(5)),
    ]);
    let next = registry.change("changing", |service| service.set("canary", canary));
    let outcome = check(&host, &next).await;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(
        outcome
            .lines_with(&["changing: ", "canary", "nowhere.wasm"])
            .len(),
        1,
        "{outcome:?}"
    );
}

#[tokio::test]
async fn the_mistakes_of_a_registry_are_told_with_line_and_key() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let next = registry.service("changing", asker("asker-1").set("colour", "red"));
    let outcome = check(&host, &next).await;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    for key in ["services.changing.links", "services.changing.colour"] {
        assert_eq!(
            outcome.lines_with(&["toml:", key]).len(),
            1,
            "{key} in {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_host_that_is_not_there() {
    let registry = beside_a_bystander(version("version-a"));
    let mut host = Host::start(&registry, None).await;
    let address = host.admin_address().to_owned();
    let folder = host.folder().to_owned();
    host.kill();
    let outcome = spawn_blocking(move || run(&folder, &["check", "--against", &address])).await;
    let outcome = outcome.expect("it runs");
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(
        outcome
            .lines_with(&["no host answers at", "admin address"])
            .len(),
        1,
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_listener_that_is_no_admin_api() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let (folder, address) = (host.folder().to_owned(), host.address().to_owned());
    let outcome = spawn_blocking(move || run(&folder, &["check", "--against", &address])).await;
    let outcome = outcome.expect("it runs");
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome.stderr.contains(host.address()) || outcome.stderr.contains("404"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_registry_that_cannot_be_read() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let (folder, address) = (host.folder().to_owned(), host.admin_address().to_owned());
    let arguments = move || {
        run(
            &folder,
            &["check", "--registry", "nowhere.toml", "--against", &address],
        )
    };
    let outcome = spawn_blocking(arguments).await.expect("it runs");
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(
        outcome
            .lines_with(&["nowhere.toml", "cannot be read"])
            .len(),
        1,
        "{outcome:?}"
    );
}
