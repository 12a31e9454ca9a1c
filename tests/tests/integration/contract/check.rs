//! `strongroom check`: all that `serve` would refuse, before it is saved.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use strongroom_tests::command::run;
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::workspace;
use tempfile::tempdir;

fn clockwork(start: &str) -> Service {
    Service::guest("clockwork").config("start", start)
}

#[test]
fn check_accepts_the_default_bank() {
    let folder = tempdir().expect("a temporary folder");
    Registry::bank().write(folder.path());
    let outcome = run(folder.path(), &["check"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(
        !folder.path().join("data").exists(),
        "a check leaves nothing behind"
    );
    let missing = run(folder.path(), &["check", "--registry", "nowhere.toml"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
    let named = missing.lines_with(&["nowhere.toml", "name a registry by `--registry`"]);
    assert_eq!(named.len(), 1, "{missing:?}");
}

#[test]
fn check_reports_the_files_of_the_data_folder_that_serve_would_refuse() {
    let folder = tempdir().expect("a temporary folder");
    let at = |path: &str| folder.path().join(path);
    let registry = Registry::bank().host("admin", "unix:taken");
    registry.host("cache", "data/cache").write(folder.path());
    for made in ["data/cache", "data/keys"] {
        fs::create_dir_all(at(made)).expect("a folder can be made");
    }
    for (file, content, mode) in [
        ("data/keys/signing-keys.json", "{}", 0o644),
        ("data/admin.token", "short", 0o600),
        ("data/last-time", "yesterday", 0o600),
        ("taken", "", 0o600),
    ] {
        fs::write(at(file), content).expect("a file can be written");
        fs::set_permissions(at(file), Permissions::from_mode(mode)).expect("it is ours");
    }
    fs::set_permissions(at("data/cache"), Permissions::from_mode(0o777)).expect("it is ours");
    let outcome = run(folder.path(), &["check"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    for words in [
        ["data/cache", "chmod 700"],
        ["signing-keys.json", "chmod 600"],
        ["admin.token", "token"],
        ["last-time", "RFC 3339"],
        ["taken", "no socket"],
    ] {
        let reports = outcome.lines_with(&words);
        assert_eq!(reports.len(), 1, "{words:?}: {}", outcome.text());
    }
}

#[test]
fn check_reports_mistakes_of_every_kind_together() {
    let folder = tempdir().expect("a temporary folder");
    fs::write(folder.path().join("text.wasm"), "this is no component")
        .expect("a file can be written");
    let ungranted = Service::default().set(
        "component",
        workspace::component("token").display().to_string(),
    );
    let links = [
        ("strongroom:account/ledger", "nobody"),
        ("strongroom:account/journal", "accounts"),
        ("strongroom:account/directory", "auth"),
        ("strongroom:auth/directory", "auth"),
    ];
    let links = links.map(|(interface, target)| (interface.to_owned(), target.into()));
    let registry = Registry::bank()
        .service("ungranted", ungranted)
        .service("text", Service::default().set("component", "text.wasm"))
        .change("transactions", |service| {
            service.set("links", toml::Table::from_iter(links))
        });
    registry.write(folder.path());

    let outcome = run(folder.path(), &["check"]);

    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    // An import that is not granted, a link to no service and one to no export, and no component.
    let mistakes: [&[&str]; 4] = [
        &["services.ungranted", "strongroom:keys/signer"],
        &["services.transactions.links", "nobody"],
        &[
            "services.transactions.links",
            "strongroom:account/directory",
        ],
        &["services.text.component"],
    ];
    for parts in mistakes {
        let reported = outcome.lines_with(&[&["registry.toml:"], parts].concat());
        assert!(!reported.is_empty(), "{parts:?}: {}", outcome.text());
    }
}

#[test]
fn check_reports_what_each_start_refuses() {
    let folder = tempdir().expect("a temporary folder");
    let registry = Registry::bank()
        .change("token", |service| {
            let service = service.config("session_idel", "15m");
            service.config("session_absolute", "soon")
        })
        .change("auth", |service| {
            let service = service.config("argon2_iterations", "ten");
            service.config("admin_password", "short")
        })
        .change("webhooks", |service| service.config("retries", 3))
        .service("broken", clockwork("panic"))
        .service("sleepy", clockwork("sleep").limit("start", "1s"))
        .service("large", Service::guest("hello").limit("memory", "64KiB"))
        .service("sound", clockwork("fine"));
    let text = fs::read_to_string(registry.write(folder.path())).expect("it was written");

    let outcome = run(folder.path(), &["check"]);

    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    // The component's own words say more.
    assert!(outcome.stderr.contains("a panic on demand"), "{outcome:?}");
    let refusals: [(&str, &[&str]); 8] = [
        (
            "session_absolute = ",
            &[
                "services.token.config.session_absolute:",
                "must be a length of time",
            ],
        ),
        (
            "session_idel = ",
            &[
                "services.token.config.session_idel:",
                "there are: session_absolute, session_idle",
            ],
        ),
        (
            "argon2_iterations = ",
            &["services.auth.config.argon2_iterations:", "a whole number"],
        ),
        (
            "admin_password = ",
            &["services.auth.config.admin_password:", "characters"],
        ),
        ("retries = ", &["services.webhooks.config.retries:"]),
        ("[services.broken]", &["services.broken:", "unreachable"]),
        ("[services.sleepy]", &["services.sleepy:", "longer than 1s"]),
        (
            "[services.large.limits]",
            &["services.large.limits:", "memory"],
        ),
    ];
    for (written, parts) in refusals {
        let line = text.lines().position(|line| line.starts_with(written));
        let place = format!("registry.toml:{}: ", line.expect("it is written") + 1);
        let reported = outcome.lines_with(&[&[place.as_str()], parts].concat());
        assert_eq!(reported.len(), 1, "{parts:?}: {}", outcome.text());
    }
    let all = outcome.stdout.lines().filter(|line| !line.is_empty());
    assert_eq!(all.count(), refusals.len(), "{}", outcome.text());
}

/// The first start of a bank whose operator has set no password makes one. This one is of no use.
#[test]
fn check_prints_nothing_that_a_start_has_for_the_operator() {
    let folder = tempdir().expect("a temporary folder");
    let no_password = toml::Table::from_iter([("argon2_iterations".to_owned(), 1.into())]);
    let registry = Registry::bank().change("auth", |service| service.set("config", no_password));
    registry.write(folder.path());

    let outcome = run(folder.path(), &["check"]);

    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let said = outcome.text();
    assert_eq!(said.trim(), "registry.toml: 5 services, all sound");
    let left = fs::read_dir(folder.path()).expect("the folder can be read");
    assert_eq!(left.count(), 1, "the registry alone");
}

#[test]
fn check_reports_what_serve_refuses_of_the_host_and_of_a_canary() {
    let folder = tempdir().expect("a temporary folder");
    fs::write(folder.path().join("afile"), "").expect("a file");
    let table = |text: &str| text.parse::<toml::Table>().expect("a table");
    let canary = table("component = 'nowhere.wasm'\nweight = 5");
    let hello = Service::guest("hello").set("canary", canary);
    let registry = Registry::empty()
        .host("data", "afile")
        .host("listen", "127.0.0.1:8080")
        .host("admin", "127.0.0.1:8080")
        .host("tls", table("cert = 'none.pem'\nkey = 'none.pem'"))
        .service("hello", hello);
    registry.write(folder.path());
    let outcome = run(folder.path(), &["check"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    for parts in [
        ["host.data:", "is no folder"],
        ["host.admin:", "is `listen` too"],
        ["host.tls.cert:", "none.pem"],
        ["host.tls.key:", "none.pem"],
        ["services.hello.canary.component:", "cannot be read"],
    ] {
        assert_eq!(outcome.lines_with(&parts).len(), 1, "{outcome:?}");
    }
}

#[test]
fn a_check_and_a_verification_leave_nothing_behind() {
    let folder = tempdir().expect("a temporary folder");
    // Without a folder for compiled code.
    let registry = Registry::default().service("hello", Service::guest("hello"));
    registry.write(folder.path());
    for (arguments, code) in [(&["check"][..], 0), (&["verify", "--data", "misspelt"], 1)] {
        let outcome = run(folder.path(), arguments);
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        let left = fs::read_dir(folder.path()).expect("a folder");
        let left: Vec<_> = left
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(left, ["registry.toml"], "{arguments:?}");
    }
}

#[tokio::test]
async fn a_check_against_a_host_names_the_file_that_it_was_asked_about() {
    let registry = Registry::empty().service("hello", Service::guest("hello"));
    let host = Host::start(&registry, None).await;
    let other = host.folder().join("other.toml");
    fs::write(other, "[services.hello]\nwat = 1\n").expect("a file");
    let (address, data) = (host.admin_address(), host.data().display().to_string());
    let arguments = [
        "--registry",
        "other.toml",
        "--against",
        address,
        "--data",
        &data,
    ];
    let outcome = host.run(&[&["check"], &arguments[..]].concat()).await;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let named = outcome.lines_with(&["other.toml:2: services.hello.wat"]);
    assert_eq!(named.len(), 1, "{outcome:?}");
}
