//! What makes the host read its registry.

use std::fs;
use std::os::unix::fs::symlink;

use crate::swap::operator::{
    assert_answers, latest, service, wait_for_generation, wait_for_outcome,
};
use crate::swap::versions::{beside_a_bystander, version};
use rustix::process::Signal;
use strongroom_tests::host::Host;
use strongroom_tests::{Value, wait_for};

#[tokio::test]
async fn a_reload_answers_when_the_new_version_serves_and_tells_what_changed() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    let mut from = "version-a";
    for to in ["version-b", "version-a", "version-b", "version-a"] {
        registry
            .clone()
            .service("changing", version(to))
            .save(host.folder());
        let report = host.admin().post("/services/reload").await.json(200);
        assert_answers(&host, "/api/changing", to).await;
        assert_eq!(report["problems"], Value::Array(Vec::new()), "{report}");
        // The watch may have been faster; then the reload waited for it, and had nothing left to do.
        for change in report["changes"].as_array().expect("a list") {
            assert_eq!(change["service"], "changing", "{report}");
            assert_eq!(change["outcome"], "switched", "{report}");
            assert_eq!(change["trigger"], "request", "{report}");
        }
        let changed = latest(&host, "changing").await["changed"][0].to_string();
        let places = (changed.find(from), changed.find(to));
        assert!(places.0.is_some() && places.0 < places.1, "{changed}");
        from = to;
    }
}

#[tokio::test]
async fn sighup() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    registry
        .service("changing", version("version-b"))
        .save(host.folder());
    host.signal(Signal::HUP);
    wait_for_generation(&host, "changing", 2).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    assert_eq!(
        host.admin().get("/healthz").await.status,
        200,
        "it ends nothing"
    );
}

#[tokio::test]
async fn sighup_tries_again_what_was_refused() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    registry
        .change("changing", |service| {
            service.set("component", "nowhere.wasm")
        })
        .save(host.folder());
    let first = wait_for_outcome(&host, "changing", "refused").await;
    host.signal(Signal::HUP);
    let again = wait_for("another refusal", 20, async || {
        let latest = latest(&host, "changing").await;
        (latest["id"] != first["id"]).then_some(latest)
    })
    .await;
    assert_eq!(
        (&again["outcome"], &again["trigger"]),
        (&"refused".into(), &"sighup".into())
    );
}

#[tokio::test]
async fn a_registry_behind_a_symbolic_link_that_is_turned_elsewhere() {
    let registry = beside_a_bystander(version("version-a"));
    let mut host = Host::prepared(&registry, None);
    let folder = host.folder().to_owned();
    let releases = ["1", "2"].map(|release| folder.join(release));
    for (release, guest) in releases.iter().zip(["version-a", "version-b"]) {
        fs::create_dir(release).expect("a folder can be made");
        registry
            .clone()
            .service("changing", version(guest))
            .write(release);
    }
    let point_at = |release: &std::path::Path| {
        let new = folder.join("registry.toml.new");
        symlink(release.join("registry.toml"), &new).expect("a link can be made");
        fs::rename(new, folder.join("registry.toml")).expect("the link can be replaced");
    };
    point_at(&releases[0]);
    host.launch();
    host.wait_until_ready().await;
    point_at(&releases[1]);
    wait_for_generation(&host, "changing", 2).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    // The file behind the link lies in a folder that the kernel was not asked to watch.
    registry.save(&releases[1]);
    wait_for_generation(&host, "changing", 3).await;
    assert_answers(&host, "/api/changing", "version-a").await;
    assert_eq!(service(&host, "bystander").await["generation"], 1);
}

#[tokio::test]
async fn a_registry_that_was_saved_while_the_host_started() {
    let registry = beside_a_bystander(version("version-a"));
    let mut host = Host::prepared(&registry, None);
    host.launch();
    registry
        .service("changing", version("version-b"))
        .save(host.folder());
    wait_for("the saved version", 60, async || {
        let answer = host.client().get("/api/changing").await;
        (answer.text() == "version-b").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_reload_tells_changes_by_their_ids_in_the_history() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    // The file that comes is seen by nobody before the reload: what was refused is tried again only when somebody asks.
    let missing = registry.change("changing", |service| {
        service.set("component", "nowhere.wasm")
    });
    missing.save(host.folder());
    wait_for_outcome(&host, "changing", "refused").await;
    let report = host.admin().post("/services/reload").await.json(422);
    let change = &report["changes"][0];
    assert_eq!(change["trigger"], "request", "{report}");
    assert_eq!(*change, latest(&host, "changing").await);
}

#[tokio::test]
async fn a_registry_that_is_overwritten_in_place() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    registry
        .service("changing", version("version-b"))
        .write(host.folder());
    wait_for_generation(&host, "changing", 2).await;
    assert_answers(&host, "/api/changing", "version-b").await;
}

#[tokio::test]
async fn of_many_saves_in_a_row_the_last_one_counts() {
    let registry = beside_a_bystander(version("version-a"));
    let host = Host::start(&registry, None).await;
    for queue in 1..=30 {
        registry
            .clone()
            .change("changing", |service| service.limit("queue", queue))
            .save(host.folder());
    }
    registry
        .service("changing", version("version-b"))
        .save(host.folder());
    wait_for("the last version", 60, async || {
        let answer = host.client().get("/api/changing").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        (answer.text() == "version-b").then_some(())
    })
    .await;
    let report = host.admin().post("/services/reload").await.json(200);
    assert_eq!(
        report["changes"],
        Value::Array(Vec::new()),
        "nothing is left to do"
    );
    assert_answers(&host, "/api/changing", "version-b").await;
}
