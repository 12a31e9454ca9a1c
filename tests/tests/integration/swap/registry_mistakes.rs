//! A registry with a mistake: nothing of it is applied, and the operator is shown the line and the
//! key. Which mistakes there are, the tests of `host/src/registry` say.

use super::*;
use std::fs;

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
    let mistakes: [(Option<String>, &[&str]); 5] = [
        (None, &["No such file"]),
        (Some(cut_off), &[]),
        (Some(String::new()), &["services"]),
        (Some(timeout), &["services.changing.limits.timeout", "soon"]),
        (Some(weightless), &["services.changing.canary.weight"]),
    ];
    // How many changes both had: of a change itself, the time of its drain comes later.
    let changes = async || {
        let changing = history(&host, "changing").await.len();
        [changing, history(&host, "bystander").await.len()]
    };
    for (generation, (content, parts)) in (2..).zip(mistakes) {
        let before = changes().await;
        let seen = host.log_until_now().await.len();
        match content {
            Some(text) => replace(host.folder(), "registry.toml", text.as_bytes()),
            None => fs::remove_file(host.folder().join("registry.toml")).expect("it is there"),
        }
        let reason = wait_for_mistake(&host, &[&["registry.toml:"], parts].concat()).await;
        wait_for_log_after(&host, seen, &["ERROR", "the registry was refused"]).await;
        let report = host.admin().post("/services/reload").await.json(422);
        assert_json!(report, {"changes": []});
        assert_parts(&reason, &[text(&report["problems"][0])]);
        assert_answers(&host, "/api/bystander", "version-a").await;
        assert_eq!(host.admin().get("/readyz").await.status, 200);
        assert_eq!(changes().await, before);

        let guest = ["version-b", "version-a"][usize::from(generation % 2 == 1)];
        host.save(&registry.clone().service("changing", version(guest)));
        wait_for_generation(&host, "changing", generation).await;
        let mended = host.services().await;
        assert!(mended["registry"]["last_error"].is_null(), "{mended}");
        for service in list(&mended["services"]) {
            assert!(service["last_error"].is_null(), "{service}");
        }
    }
}

#[tokio::test]
async fn a_wrong_table_is_the_error_of_its_service_until_another_is_wrong() {
    let (registry, host) = start_beside_a_bystander().await;
    // A setting of the host waits for a start.
    let moved = registry.clone().host("listen", "127.0.0.1:1");
    let report = host.save_registry(&moved).await;
    let notices = report["notices"].to_string();
    assert_parts(&notices, &["host.listen", "next start"]);
    assert_answers(&host, "/api/changing", "version-a").await;

    for (wrong, right) in [("changing", "bystander"), ("bystander", "changing")] {
        let wrong_table = |service: Service| service.set("colour", "red");
        host.save(&registry.clone().change(wrong, wrong_table));
        wait_for_refusal(&host, wrong, &["colour"]).await;
        let right = host.service(right).await;
        assert!(right["last_error"].is_null(), "{right}");
    }
}
