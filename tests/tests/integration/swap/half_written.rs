//! What is still being written is not taken.

use super::*;
use rustix::process::Signal;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

/// How long a writer rests with the file open: much longer than the host waits for a file to fall
/// quiet. That nothing happens meanwhile has no sign that could be waited for.
const REST: Duration = Duration::from_millis(2_500);

fn truncate(path: &Path) -> File {
    let open = OpenOptions::new().write(true).truncate(true).open(path);
    open.expect("the file can be written")
}

async fn write_with_rests(file: &mut File, pieces: &[&[u8]]) {
    for piece in pieces {
        file.write_all(piece).expect("a piece can be written");
        file.sync_data().expect("a piece can be made durable");
        tokio::time::sleep(REST).await;
    }
}

#[tokio::test]
async fn a_registry() {
    let (_, host) = start_beside_a_bystander().await;
    let path = host.folder().join("registry.toml");
    // The first piece is a registry by itself, in which a service is gone and the other changed.
    let alone = |name, guest| Registry::empty().service(name, version(guest)).text();
    let first = alone("changing", "version-b");
    let second = alone("bystander", "version-a");
    let (_host_table, second) = second.split_once("[services").expect("it has services");
    let second = format!("\n[services{second}");
    let mut file = truncate(&path);
    write_with_rests(&mut file, &[first.as_bytes()]).await;
    assert_eq!(host.service("changing").await["generation"], 1);
    assert_answers(&host, "/api/bystander", "version-a").await;
    let written = file.write_all(second.as_bytes());
    written.expect("the rest can be written");
    drop(file);
    wait_for_generation(&host, "changing", 2).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    assert_eq!(host.service("bystander").await["generation"], 1);
    let unharmed = history(&host, "bystander").await;
    assert_eq!(unharmed.len(), 1, "{unharmed:?}");

    // SIGHUP reads at once what a writer still has open.
    let mut file = truncate(&path);
    let after = beside_a_bystander(version("version-a")).text();
    write_with_rests(&mut file, &[after.as_bytes()]).await;
    assert_eq!(host.service("changing").await["generation"], 2);
    host.signal(Signal::HUP);
    wait_for_generation(&host, "changing", 3).await;
    drop(file);
}

#[tokio::test]
async fn a_component() {
    let (host, path) = host_with_file(&beside_a_bystander(version("version-a")), "version-a").await;
    let bytes = guest_bytes("version-b");
    let mut file = truncate(&path);
    let (most, last) = bytes.split_at(bytes.len() - 1);
    write_with_rests(&mut file, &[&[], &most[..1_000], &most[1_000..]]).await;
    assert_answers(&host, "/api/changing", "version-a").await;
    file.write_all(last).expect("the last byte can be written");
    drop(file);
    wait_for_generation(&host, "changing", 2).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    // Nothing was refused meanwhile.
    let changes = Value::from(history(&host, "changing").await);
    assert_json!(changes, [{"outcome": "switched"}, {"outcome": "switched"}]);
}
