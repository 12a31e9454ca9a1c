//! What makes the host read its registry.

use super::*;
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

#[tokio::test]
async fn a_reload_answers_when_the_new_version_serves_and_says_what_changed() {
    let (registry, host) = start_beside_a_bystander().await;
    let mut from = "version-a";
    for to in ["version-b", "version-a", "version-b", "version-a"] {
        host.save(&registry.clone().service("changing", version(to)));
        let report = host.admin().post("/services/reload").await.json(200);
        assert_answers(&host, "/api/changing", to).await;
        assert_json!(report, {"problems": []});
        // The watch may have been faster; then the reload waited for it, and nothing was left.
        for change in list(&report["changes"]) {
            assert_json!(change, {
                "service": "changing", "outcome": "switched", "trigger": "request",
            });
        }
        let changed = latest(&host, "changing").await["changed"][0].to_string();
        let [before, after] = [from, to].map(|guest| changed.find(guest));
        assert!(before.is_some() && before < after, "{changed}");
        from = to;
    }
}

#[tokio::test]
async fn sighup_and_a_reload_try_again_what_was_refused() {
    let (registry, host) = start_beside_a_bystander().await;
    host.save(&registry.clone().service("changing", missing()));
    let first = wait_for_outcome(&host, "changing", "refused").await;
    host.signal(Signal::HUP);
    let again = wait_for("another refusal", 20, async || {
        let latest = latest(&host, "changing").await;
        (latest["id"] != first["id"]).then_some(latest)
    })
    .await;
    assert_json!(again, {"outcome": "refused", "trigger": "sighup"});
    // The report has the change as the history has it.
    let report = host.admin().post("/services/reload").await.json(422);
    let change = &report["changes"][0];
    assert_eq!(change["trigger"], "request", "{report}");
    assert_eq!(*change, latest(&host, "changing").await);

    host.save(&registry.service("changing", version("version-b")));
    host.signal(Signal::HUP);
    wait_for_generation(&host, "changing", 2).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    assert_eq!(host.admin().get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_registry_behind_a_symbolic_link_that_is_turned_elsewhere() {
    let registry = beside_a_bystander(version("version-a"));
    let mut host = Host::prepared(&registry, None);
    let folder = host.folder().to_owned();
    let releases = ["1", "2"].map(|release| folder.join(release));
    for (release, guest) in releases.iter().zip(["version-a", "version-b"]) {
        fs::create_dir(release).expect("a folder can be made");
        let next = registry.clone().service("changing", version(guest));
        next.write(release);
    }
    let point_at = |release: &Path| {
        let new = folder.join("registry.toml.new");
        symlink(release.join("registry.toml"), &new).expect("a link can be made");
        fs::rename(new, folder.join("registry.toml")).expect("the link can be replaced");
    };
    point_at(&releases[0]);
    host.serve().await;
    point_at(&releases[1]);
    wait_for_generation(&host, "changing", 2).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    // The file behind the link lies in a folder that the kernel was not asked to watch.
    registry.save(&releases[1]);
    wait_for_generation(&host, "changing", 3).await;
    assert_answers(&host, "/api/changing", "version-a").await;
    assert_eq!(host.service("bystander").await["generation"], 1);
}

#[tokio::test]
async fn a_registry_saved_while_the_host_starts_overwritten_in_place_and_saved_often() {
    let registry = beside_a_bystander(version("version-a"));
    let with = |guest| registry.clone().service("changing", version(guest));
    let mut host = Host::prepared(&registry, None);
    host.launch();
    let wait_for_version = async |guest: &str| {
        wait_until("the saved version", 60, async || {
            let answer = host.client().get("/api/changing").await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer.text() == guest
        })
        .await;
    };
    host.save(&with("version-b"));
    host.wait_until_ready().await;
    wait_for_version("version-b").await;
    with("version-a").write(host.folder());
    wait_for_version("version-a").await;
    for queue in 1..=30 {
        let next = with("version-a").change("changing", |service| service.limit("queue", queue));
        host.save(&next);
    }
    host.save(&with("version-b"));
    wait_for_version("version-b").await;
    let report = host.admin().post("/services/reload").await.json(200);
    assert_json!(report, {"changes": []});
    assert_answers(&host, "/api/changing", "version-b").await;
}
