//! What makes the host read its registry.

use super::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

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
