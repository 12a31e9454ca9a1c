//! Files that the host trusts, or that hold secrets, are its own user's alone. Which these are, the
//! tests beside their code say.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::Signal;
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};

fn mode_of(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

#[tokio::test]
async fn a_start_refuses_what_others_could_have_touched_and_closes_the_stores_to_them() {
    let registry = Registry::empty().host("cache", "data/cache");
    let registry = registry.service("sql", Service::guest("sql"));
    let mut host = Host::start(&registry, None).await;
    host.signal(Signal::TERM);
    host.wait_for_exit().await;
    // As the registry names them: from its own folder.
    for (path, mode, remedy) in rows! {
        ("data/cache", 0o777, "chmod 700"), ("data/keys", 0o770, "chmod 700"),
        ("data/keys/revocations.jsonl", 0o640, "chmod 600"),
        ("data/admin.token", 0o644, "chmod 600"),
    } {
        let file = host.folder().join(path);
        let before = mode_of(&file);
        set_mode(&file, mode);
        let outcome = host.run_serve().await;
        outcome.assert_failure(1, &[&format!("{remedy} {path}")]);
        set_mode(&file, before);
    }
    let (data, stores) = (host.data(), host.data().join("stores"));
    set_mode(&stores, 0o755);
    set_mode(&stores.join("sql.sqlite"), 0o644);
    host.serve().await;
    assert_eq!([&data, &stores].map(|folder| mode_of(folder)), [0o700; 2]);
    for file in rows! {
        "admin.token", "keys/signing-keys.json", "keys/revocations.jsonl", "keys/api-keys.jsonl",
        "stores/sql.sqlite",
    } {
        assert_eq!(mode_of(&data.join(file)), 0o600, "{file}");
    }
}
