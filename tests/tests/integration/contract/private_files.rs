//! Files that the host trusts, or that hold secrets, are its own user's alone.

use std::fs::{Permissions, read_dir, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::Signal;
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};

fn mode_of(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o777
}

/// A host that has run and ended, with a store, keys, and compiled code.
async fn ended() -> Host {
    let registry = Registry::empty()
        .host("cache", "data/cache")
        .service("sql", Service::guest("sql"));
    let mut host = Host::start(&registry, None).await;
    host.signal(Signal::TERM);
    host.wait_for_exit().await;
    host
}

#[tokio::test]
async fn a_start_refuses_what_others_could_have_touched_and_says_what_to_do() {
    let host = ended().await;
    let cache = host.data().join("cache");
    let mut compiled = read_dir(&cache).expect("it is there");
    let compiled = compiled.next().expect("compiled code").expect("an entry");
    let keys = host.data().join("keys");
    for (path, mode, remedy) in [
        (cache, 0o777, "chmod 700"),
        (compiled.path(), 0o666, "chmod 600"),
        (keys.join("signing-keys.json"), 0o644, "chmod 600"),
        (keys.join("revocations.jsonl"), 0o640, "chmod 600"),
        (keys.join("api-keys.jsonl"), 0o604, "chmod 600"),
        (keys, 0o770, "chmod 700"),
        (host.data().join("admin.token"), 0o644, "chmod 600"),
    ] {
        let before = mode_of(&path);
        set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");
        let outcome = host.run_serve().await;
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        // As the registry names it: from its own folder.
        let named = path.strip_prefix(host.folder()).expect("it is in there");
        let remedy = format!("{remedy} {}", named.display());
        assert_eq!(outcome.lines_with(&[&remedy]).len(), 1, "{outcome:?}");
        set_permissions(&path, Permissions::from_mode(before)).expect("it is ours");
    }
}

#[tokio::test]
async fn the_data_folder_is_closed_to_others_although_it_was_opened() {
    let mut host = ended().await;
    let stores = host.data().join("stores");
    set_permissions(&stores, Permissions::from_mode(0o755)).expect("it is ours");
    for store in read_dir(&stores).expect("it is there") {
        let store = store.expect("an entry").path();
        set_permissions(store, Permissions::from_mode(0o644)).expect("it is ours");
    }
    host.launch();
    host.wait_until_ready().await;
    assert_eq!(mode_of(&host.data()), 0o700);
    assert_eq!(mode_of(&stores), 0o700);
    for store in read_dir(&stores).expect("it is there") {
        let store = store.expect("an entry").path();
        assert_eq!(mode_of(&store), 0o600, "{}", store.display());
    }
    for file in [
        "admin.token",
        "keys/signing-keys.json",
        "keys/revocations.jsonl",
        "keys/api-keys.jsonl",
    ] {
        assert_eq!(mode_of(&host.data().join(file)), 0o600, "{file}");
    }
}
