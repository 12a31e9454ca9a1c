//! A registry with a mistake: nothing of it is applied, and the operator is told the line and the key.

use std::fs;

use crate::swap::files::replace;
use crate::swap::operator::{
    assert_answers, history, service, services, wait_for_generation, wait_for_log,
};
use crate::swap::versions::{asker_of, beside_a_bystander, link, version};
use strongroom_tests::host::Host;
use strongroom_tests::registry::Registry;
use strongroom_tests::{Value, wait_for};

/// Saves a text that has a mistake, and a good change of the bystander. Asserts that it is refused with a reason that has all of
/// `parts`, that nothing of it is applied, and that a mended one is taken.
async fn is_refused(write: impl FnOnce(Registry) -> String, parts: &[&str]) {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let changed = registry.clone().service("bystander", version("version-b"));
    replace(host.folder(), "registry.toml", write(changed).as_bytes());
    let reason = wait_for("the registry to be refused", 20, async || {
        let error = &services(&host).await["registry"]["last_error"];
        error.as_str().map(str::to_owned)
    })
    .await;
    for part in ["registry.toml:"].iter().chain(parts) {
        assert!(reason.contains(part), "{part} is not in: {reason}");
    }
    wait_for_log(&host, &["ERROR", "the registry was refused"]).await;
    assert_nothing_was_done(&host, &reason).await;

    registry
        .service("changing", version("version-b"))
        .save(host.folder());
    wait_for_generation(&host, "changing", 2).await;
    let now = services(&host).await;
    assert!(now["registry"]["last_error"].is_null(), "{now}");
    assert!(service(&host, "changing").await["last_error"].is_null());
    assert!(service(&host, "bystander").await["last_error"].is_null());
}

async fn assert_nothing_was_done(host: &Host, reason: &str) {
    let report = host.admin().post("/services/reload").await.json(422);
    assert_eq!(report["changes"], Value::Array(Vec::new()), "{report}");
    let problems = report["problems"].as_array().expect("a list");
    assert!(
        !problems.is_empty() && reason.contains(problems[0].as_str().expect("text")),
        "{report}"
    );
    for name in ["changing", "bystander"] {
        assert_answers(host, &format!("/api/{name}"), "version-a").await;
        assert_eq!(service(host, name).await["generation"], 1);
        assert_eq!(history(host, name).await.len(), 1, "the start alone");
    }
    assert_eq!(host.admin().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn no_toml() {
    is_refused(|registry| format!("{}\n[services.", registry.text()), &[]).await;
}

#[tokio::test]
async fn an_empty_file() {
    is_refused(|_| String::new(), &["services"]).await;
}

#[tokio::test]
async fn an_unknown_key() {
    is_refused(
        |registry| {
            registry
                .change("changing", |service| service.set("colour", "red"))
                .text()
        },
        &["services.changing", "colour"],
    )
    .await;
}

#[tokio::test]
async fn a_value_that_is_none() {
    is_refused(
        |registry| {
            registry
                .change("changing", |service| service.limit("timeout", "soon"))
                .text()
        },
        &["services.changing.limits.timeout", "soon"],
    )
    .await;
}

#[tokio::test]
async fn a_link_to_nobody() {
    is_refused(
        |registry| {
            registry
                .service("changing", asker_of("asker-1", "nobody"))
                .text()
        },
        &["services.changing.links", "nobody"],
    )
    .await;
}

#[tokio::test]
async fn links_in_a_circle() {
    is_refused(
        |registry| {
            registry
                .change("changing", |service| {
                    service.set("links", link("bystander"))
                })
                .change("bystander", |service| {
                    service.set("links", link("changing"))
                })
                .text()
        },
        &["links", "changing", "bystander"],
    )
    .await;
}

#[tokio::test]
async fn a_canary_that_gets_no_requests() {
    let canary = toml::Table::from_iter([("component".to_owned(), "canary.wasm".into())]);
    is_refused(
        |registry| {
            registry
                .change("changing", |service| service.set("canary", canary))
                .text()
        },
        &["services.changing.canary.weight"],
    )
    .await;
}

#[tokio::test]
async fn the_services_whose_tables_are_wrong_are_told_and_no_others() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    registry
        .change("changing", |service| service.set("colour", "red"))
        .save(host.folder());
    crate::swap::operator::wait_for_refusal(&host, "changing").await;
    let bystander = service(&host, "bystander").await;
    assert!(bystander["last_error"].is_null(), "{bystander}");
}

#[tokio::test]
async fn a_setting_of_the_host_takes_effect_at_the_next_start() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let report = host
        .save_registry(&registry.host("listen", "127.0.0.1:1"))
        .await;
    let notices = report["notices"].to_string();
    assert!(
        notices.contains("host.listen") && notices.contains("next start"),
        "{report}"
    );
    assert_answers(&host, "/api/changing", "version-a").await;
}

#[tokio::test]
async fn a_registry_that_is_gone() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    fs::remove_file(host.folder().join("registry.toml")).expect("it can be removed");
    let reason = wait_for("the registry to be missed", 20, async || {
        let error = &services(&host).await["registry"]["last_error"];
        error.as_str().map(str::to_owned)
    })
    .await;
    assert!(
        reason.contains("registry.toml") && reason.contains("No such file"),
        "{reason}"
    );
    assert_answers(&host, "/api/changing", "version-a").await;
    registry
        .service("changing", version("version-b"))
        .save(host.folder());
    wait_for_generation(&host, "changing", 2).await;
    assert!(services(&host).await["registry"]["last_error"].is_null());
}
