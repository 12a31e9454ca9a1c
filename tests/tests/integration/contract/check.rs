//! `strongroom check`: all that `serve` would refuse, before it is saved.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use strongroom_tests::command::run;
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::workspace;
use tempfile::tempdir;

/// A first start without a password makes and prints one; that of a check would be of no use.
#[test]
fn check_and_verify_say_what_is_so_and_leave_nothing_behind() {
    let folder = tempdir().expect("a temporary folder");
    let no_password = toml::Table::from_iter([("argon2_iterations".to_owned(), 1.into())]);
    let bank = Registry::bank().change("auth", |auth| auth.set("config", no_password));
    // Without a folder for compiled code.
    let small = Registry::default().service("hello", Service::guest("hello"));
    for (registry, arguments, code, said) in rows! {
        (&bank, "check", 0, "registry.toml: 5 services, all sound"),
        (&small, "check", 0, "registry.toml: 1 services, all sound"),
        (&small, "check --registry nowhere.toml", 1, "by `--registry`"),
        (&small, "verify --data misspelt", 1, "NOT VERIFIED"),
    } {
        registry.write(folder.path());
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let outcome = run(folder.path(), &arguments);
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        let text = outcome.text();
        let is_said = text.trim() == said || code == 1 && text.contains(said);
        assert!(is_said, "{text}");
        let left = fs::read_dir(folder.path()).expect("a folder");
        let left = left.map(|entry| entry.expect("an entry").file_name());
        assert!(left.eq(["registry.toml"]), "{arguments:?}");
    }
}

#[test]
fn check_reports_what_serve_would_refuse_of_the_data_folder_and_the_addresses() {
    let folder = tempdir().expect("a temporary folder");
    let at = |path: &str| folder.path().join(path);
    // RFC 5737 gives this address to no machine.
    let registry = Registry::bank().host("listen", "192.0.2.1:8080");
    let registry = registry.host("admin", "unix:taken");
    registry.host("cache", "data/cache").write(folder.path());
    for made in ["data/cache", "data/keys"] {
        fs::create_dir_all(at(made)).expect("a folder can be made");
    }
    for (file, content, mode) in rows! {
        ("data/keys/signing-keys.json", "{}", 0o644), ("data/admin.token", "short", 0o600),
        ("data/last-time", "yesterday", 0o600), ("taken", "", 0o600),
    } {
        fs::write(at(file), content).expect("a file can be written");
        fs::set_permissions(at(file), Permissions::from_mode(mode)).expect("it is ours");
    }
    fs::set_permissions(at("data/cache"), Permissions::from_mode(0o777)).expect("it is ours");
    let outcome = run(folder.path(), &["check"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    for words in rows! {
        ["data/cache", "chmod 700"], ["signing-keys.json", "chmod 600"], ["admin.token", "token"],
        ["last-time", "RFC 3339"], ["taken", "no socket"],
        ["host.listen", "192.0.2.1:8080 cannot be listened on"],
    } {
        let reports = outcome.lines_with(&words);
        assert_eq!(reports.len(), 1, "{words:?}: {}", outcome.text());
    }
}

#[test]
fn check_reports_mistakes_of_every_kind_together_with_their_lines() {
    let folder = tempdir().expect("a temporary folder");
    for file in ["text.wasm", "afile"] {
        fs::write(folder.path().join(file), "this is no component").expect("a file");
    }
    let table = |text: &str| text.parse::<toml::Table>().expect("a table");
    let clockwork = |start: &str| Service::guest("clockwork").config("start", start);
    let of_bank = |name: &str| Service::default().file(&workspace::component(name));
    let token = |token: Service| {
        let token = token.config("session_idel", "15m");
        token.config("session_absolute", "soon")
    };
    let links = [
        ("strongroom:account/ledger", "nobody"),
        ("strongroom:account/journal", "accounts"),
        ("strongroom:account/directory", "auth"),
        ("strongroom:auth/directory", "auth"),
    ];
    let links = links.map(|(interface, target)| (interface.to_owned(), target.into()));
    let links = toml::Table::from_iter(links);
    let mover = workspace::component("transaction");
    let canary = table("component = 'nowhere.wasm'\nweight = 5");
    let registry = Registry::bank()
        .host("data", "afile")
        .host("listen", "0.0.0.0:8080")
        .host("admin", "127.0.0.1:8080")
        .host("tls", table("cert = 'none.pem'\nkey = 'none.pem'"))
        .change("token", token)
        .change("auth", |auth| {
            let auth = auth.config("argon2_iterations", "ten");
            auth.config("admin_password", "short")
        })
        .change("accounts", |accounts| accounts.config("retries", 3))
        .change("transactions", |service| service.set("links", links))
        .change("webhooks", |webhooks| webhooks.file(&mover))
        .service("broken", clockwork("panic"))
        .service("sleepy", clockwork("sleep").limit("start", "1s"))
        .service("large", Service::guest("hello").limit("memory", "64KiB"))
        .service("hello", Service::guest("hello").set("canary", canary))
        .service("ungranted", of_bank("token"))
        .service("text", Service::default().set("component", "text.wasm"))
        .service("sound", clockwork("fine"));
    let text = fs::read_to_string(registry.write(folder.path())).expect("it was written");

    let outcome = run(folder.path(), &["check"]);

    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    // The component's own words say more.
    assert!(outcome.stderr.contains("a panic on demand"), "{outcome:?}");
    // Each mistake with the beginning of its line, and its words.
    let mistakes = [
        "data => host.data: .. is no folder",
        "admin => host.admin: .. is `listen` too",
        "cert => host.tls.cert: .. none.pem",
        "key => host.tls.key: .. none.pem",
        "session_idel => services.token.config.session_idel: .. there are: session_absolute",
        "session_absolute => services.token.config.session_absolute: .. must be a length of time",
        "argon2_iterations => services.auth.config.argon2_iterations: .. a whole number",
        "admin_password => services.auth.config.admin_password: .. characters",
        "retries => services.accounts.config.retries:",
        "\"strongroom:account/ledger\" => services.transactions.links .. nobody",
        "[services.transactions.links] => services.transactions.links: .. account/directory",
        // What sends webhooks cannot move money.
        "[services.webhooks.links] => services.webhooks.links: .. account/ledger",
        "[services.webhooks.links] => services.webhooks.links: .. account/directory",
        "[services.webhooks.links] => services.webhooks.links: .. auth/directory",
        "[services.broken] => services.broken: .. unreachable",
        "[services.sleepy] => services.sleepy: .. longer than 1s",
        "[services.large.limits] => services.large.limits: .. memory",
        "component = \"nowhere.wasm\" => services.hello.canary.component: .. cannot be read",
        "[services.ungranted] => services.ungranted.grants: .. strongroom:keys/signer",
        "[services.ungranted] => services.ungranted.grants: .. strongroom:keys/revocations",
        "component = \"text.wasm\" => services.text.component: .. is not a WebAssembly component",
    ];
    for mistake in mistakes {
        let (written, words) = mistake.split_once(" => ").expect("a line and words");
        let line = text.lines().position(|line| line.starts_with(written));
        let place = format!("registry.toml:{}: ", line.expect("it is written") + 1);
        let parts: Vec<&str> = words.split(" .. ").chain([place.as_str()]).collect();
        let reported = outcome.lines_with(&parts);
        assert_eq!(reported.len(), 1, "{mistake}: {}", outcome.text());
    }
    let all = outcome.stdout.lines().filter(|line| !line.is_empty());
    assert_eq!(all.count(), mistakes.len(), "{}", outcome.text());
}

#[tokio::test]
async fn a_check_against_a_host_names_the_file_that_it_was_asked_about() {
    let registry = Registry::empty().service("hello", Service::guest("hello"));
    let host = Host::start(&registry, None).await;
    let other = host.folder().join("other.toml");
    fs::write(other, "[services.hello]\nwat = 1\n").expect("a file");
    let (address, data) = (host.admin_address(), host.data().display().to_string());
    let check = ["check", "--registry", "other.toml", "--data", &data];
    let check = [&check[..], &["--against", address]].concat();
    let outcome = host.run(&check).await;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let named = outcome.lines_with(&["other.toml:2: services.hello.wat"]);
    assert_eq!(named.len(), 1, "{outcome:?}");
}
