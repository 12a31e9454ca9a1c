//! A registry with a mistake: nothing of it is applied, and the operator is shown the line and the
//! key. Which mistakes there are, the tests of `host/src/registry` say.

use super::*;
use std::fs;

async fn mend(host: &Host, registry: &Registry, generation: u64) {
    let guest = ["version-b", "version-a"][usize::from(generation % 2 == 1)];
    let mended = registry.clone().service("changing", version(guest));
    host.save(&mended);
    wait_for_generation(host, "changing", generation).await;
    assert!(host.services().await["registry"]["last_error"].is_null());
    for name in ["changing", "bystander"] {
        assert!(host.service(name).await["last_error"].is_null());
    }
}

/// Beside the mistake, each has a good change of the bystander.
#[tokio::test]
async fn a_mistake_refuses_the_whole_and_is_shown_with_its_line_and_key() {
    let (registry, host) = start_beside_a_bystander().await;
    let good = registry.clone().service("bystander", version("version-b"));
    let with = |change: fn(Service) -> Service| good.clone().change("changing", change).text();
    let cut_off = format!("{}\n[services.", good.text());
    let timeout = with(|service| service.limit("timeout", "soon"));
    let weightless =
        with(|service| service.set("canary", toml::toml! { component = "canary.wasm" }));
    let mistakes: [(String, &[&str]); 4] = [
        (cut_off, &[]),
        (String::new(), &["services"]),
        (timeout, &["services.changing.limits.timeout", "soon"]),
        (weightless, &["services.changing.canary.weight"]),
    ];
    for (generation, (text, parts)) in (2..).zip(mistakes) {
        let before = changes(&host).await;
        let seen = host.log_until_now().await.len();
        replace(host.folder(), "registry.toml", text.as_bytes());
        let reason = wait_for_mistake(&host, &[&["registry.toml:"], parts].concat()).await;
        wait_for_log_after(&host, seen, &["ERROR", "the registry was refused"]).await;
        assert_nothing_was_done(&host, &reason).await;
        assert_eq!(changes(&host).await, before);
        mend(&host, &registry, generation).await;
    }
}

/// How many changes both services had: of a change itself, the time of its drain comes later.
async fn changes(host: &Host) -> [usize; 2] {
    let changing = history(host, "changing").await;
    [changing.len(), history(host, "bystander").await.len()]
}

async fn assert_nothing_was_done(host: &Host, reason: &str) {
    let report = host.admin().post("/services/reload").await.json(422);
    assert!(list(&report["changes"]).is_empty(), "{report}");
    assert_parts(reason, &[text(&report["problems"][0])]);
    assert_answers(host, "/api/bystander", "version-a").await;
    assert_eq!(host.admin().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_wrong_table_is_the_error_of_its_service_and_a_setting_of_the_host_waits_for_a_start() {
    let (registry, host) = start_beside_a_bystander().await;
    let moved = registry.clone().host("listen", "127.0.0.1:1");
    let report = host.save_registry(&moved).await;
    let notices = report["notices"].to_string();
    assert_parts(&notices, &["host.listen", "next start"]);
    assert_answers(&host, "/api/changing", "version-a").await;

    let wrong = registry.change("changing", |service| service.set("colour", "red"));
    host.save(&wrong);
    wait_for_refusal(&host, "changing", &["colour"]).await;
    let bystander = host.service("bystander").await;
    assert!(bystander["last_error"].is_null(), "{bystander}");
}

#[tokio::test]
async fn a_registry_that_is_gone() {
    let (registry, host) = start_beside_a_bystander().await;
    fs::remove_file(host.folder().join("registry.toml")).expect("it can be removed");
    wait_for_mistake(&host, &["registry.toml", "No such file"]).await;
    assert_answers(&host, "/api/changing", "version-a").await;
    mend(&host, &registry, 2).await;
}

#[tokio::test]
async fn a_mistake_that_another_has_replaced_is_shown_no_more() {
    let (registry, host) = start_beside_a_bystander().await;
    let mistake = |name: &str| {
        let registry = registry.clone();
        registry.change(name, |service| service.limit("timeout", "soon"))
    };
    host.save(&mistake("changing"));
    wait_for_refusal(&host, "changing", &[]).await;
    host.save(&mistake("bystander"));
    wait_for_refusal(&host, "bystander", &[]).await;
    assert!(host.service("changing").await["last_error"].is_null());
}
