//! Section 1: the commands of the binary. `verify` has files of its own: `verify.rs` and `tamper.rs`.

use std::fs;

use rustix::process::Signal;
use strongroom_tests::bank::{ADMIN_EMAIL, ADMIN_PASSWORD};
use strongroom_tests::command::run;
use strongroom_tests::host::{ADMIN_PASSWORD_VARIABLE, Host};
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::wire::Connection as Wire;
use strongroom_tests::{Bank, json, wait_for, workspace};
use tempfile::tempdir;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;

fn hello() -> Registry {
    Registry::empty().service("hello", Service::guest("hello").public())
}

fn hostile() -> Registry {
    Registry::empty().service("hostile", Service::guest("hostile").public())
}

#[test]
fn help_names_every_command() {
    let folder = tempdir().expect("a temporary folder");
    let outcome = run(folder.path(), &["--help"]);
    assert_eq!(outcome.code, Some(0));
    for command in ["serve", "check", "verify", "admin"] {
        assert!(outcome.stdout.contains(command), "{}", outcome.stdout);
    }
}

#[test]
fn help_of_serve_names_every_flag() {
    let folder = tempdir().expect("a temporary folder");
    let outcome = run(folder.path(), &["serve", "--help"]);
    assert_eq!(outcome.code, Some(0));
    for flag in ["--registry", "--data", "--listen", "--admin"] {
        assert!(outcome.stdout.contains(flag), "{}", outcome.stdout);
    }
}

#[test]
fn version_is_printed() {
    let folder = tempdir().expect("a temporary folder");
    let outcome = run(folder.path(), &["--version"]);
    assert_eq!(outcome.code, Some(0));
    let version = outcome
        .stdout
        .trim()
        .strip_prefix("strongroom ")
        .expect("it names itself");
    assert_eq!(version.split('.').count(), 3, "{version}");
}

#[test]
fn an_unknown_command_is_refused() {
    let folder = tempdir().expect("a temporary folder");
    let outcome = run(folder.path(), &["launder"]);
    assert!(outcome.code.is_some_and(|code| code != 0), "{outcome:?}");
    assert!(outcome.stderr.contains("launder"), "{}", outcome.stderr);
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
}

#[test]
fn check_of_a_missing_file_names_it() {
    let folder = tempdir().expect("a temporary folder");
    let outcome = run(folder.path(), &["check", "--registry", "nowhere.toml"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.text().contains("nowhere.toml"), "{outcome:?}");
}

#[test]
fn check_reports_five_mistakes_with_file_line_and_key() {
    let folder = tempdir().expect("a temporary folder");
    let good = workspace::guest("hello");
    let good = good.display();
    let lines = [
        "[host]".to_owned(),
        "listen = \"not an address\"".to_owned(),
        "[services.one]".to_owned(),
        "component = \"nowhere.wasm\"".to_owned(),
        "[services.two]".to_owned(),
        format!("component = \"{good}\""),
        "public = [\"GET\"]".to_owned(),
        "[services.two.limits]".to_owned(),
        "memory = \"plenty\"".to_owned(),
        "[services.three]".to_owned(),
        format!("component = \"{good}\""),
        "colour = \"green\"".to_owned(),
    ];
    fs::write(folder.path().join("mistakes.toml"), lines.join("\n"))
        .expect("a file can be written");

    let outcome = run(folder.path(), &["check", "--registry", "mistakes.toml"]);

    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    for (line, key) in [
        (2, "listen"),
        (4, "component"),
        (7, "public"),
        (9, "memory"),
        (12, "colour"),
    ] {
        let reports = outcome.lines_with(&[&format!("mistakes.toml:{line}"), key]);
        assert_eq!(
            reports.len(),
            1,
            "one report of line {line}, key {key}, in:\n{}",
            outcome.text()
        );
    }
    assert_eq!(
        outcome.lines_with(&["mistakes.toml:"]).len(),
        5,
        "five reports:\n{}",
        outcome.text()
    );
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
    let mistakes: [(&str, &[&str]); 4] = [
        (
            "an import that is not granted",
            &["services.ungranted", "strongroom:keys/signer"],
        ),
        (
            "a link to no service",
            &["services.transactions.links", "nobody"],
        ),
        (
            "a link to no such export",
            &[
                "services.transactions.links",
                "strongroom:account/directory",
            ],
        ),
        ("a file that is no component", &["services.text.component"]),
    ];
    let reported = |parts: &[&str]| {
        !outcome
            .lines_with(&[&["registry.toml:"], parts].concat())
            .is_empty()
    };
    let missing: Vec<&str> = mistakes
        .iter()
        .filter(|(_what, parts)| !reported(parts))
        .map(|(what, _parts)| *what)
        .collect();
    assert!(
        missing.is_empty(),
        "not reported: {missing:?}; reported:\n{}",
        outcome.text()
    );
}

#[test]
fn serve_refuses_a_registry_with_mistakes() {
    let folder = tempdir().expect("a temporary folder");
    fs::write(
        folder.path().join("registry.toml"),
        "[services.one]\ncomponent = 7\n",
    )
    .expect("a file can be written");
    let outcome = run(
        folder.path(),
        &["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
    );
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(
        outcome.lines_with(&["registry.toml:2", "component"]).len(),
        1,
        "{outcome:?}"
    );
}

#[tokio::test]
async fn serve_takes_addresses_and_data_from_the_registry() {
    let registry = hello()
        .host("listen", "127.0.0.1:0")
        .host("admin", "127.0.0.1:0")
        .host("data", "vault");
    let mut host = Host::prepared(&registry, None);
    host.launch_with(&[]);
    host.wait_until_ready().await;
    assert_eq!(host.client().get("/api/hello").await.text(), "hello");
    assert!(host.folder().join("vault").is_dir());
}

#[tokio::test]
async fn flags_of_serve_override_the_registry() {
    let registry = hello()
        .host("listen", "127.0.0.1:1")
        .host("admin", "127.0.0.1:1")
        .host("data", "vault");
    let mut host = Host::prepared(&registry, None);
    host.launch_with(&[
        "--listen",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
        "--data",
        "cellar",
    ]);
    host.wait_until_ready().await;
    assert_ne!(host.address(), "127.0.0.1:1");
    assert_ne!(host.admin_address(), "127.0.0.1:1");
    assert!(host.folder().join("cellar").is_dir());
    assert!(!host.folder().join("vault").exists());
}

#[tokio::test]
async fn data_is_kept_in_the_folder_data_by_default() {
    let mut host = Host::prepared(&hello(), None);
    host.launch_with(&["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    host.wait_until_ready().await;
    assert!(host.folder().join("data").is_dir());
}

#[tokio::test]
async fn two_hosts_cannot_share_a_data_folder() {
    let bank = Bank::start().await;
    let data = bank.data().display().to_string();
    let outcome = run(
        bank.folder(),
        &[
            "serve",
            "--data",
            &data,
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
        ],
    );
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert_eq!(
        bank.admin().await.get("/api/auth/me").await.status,
        200,
        "the first host goes on"
    );
}

#[tokio::test]
async fn sigterm_finishes_what_runs_and_exits_0() {
    drains_on(Signal::TERM).await;
}

#[tokio::test]
async fn ctrl_c_finishes_what_runs_and_exits_0() {
    drains_on(Signal::INT).await;
}

async fn drains_on(signal: Signal) {
    let mut host = Host::start(&hostile(), None).await;
    let address = host.address().to_owned();
    // The host says 100 (RFC 9110 section 10.1.1) once it wants the body: then the request runs, for as long as we like.
    let mut in_flight = Wire::open(&address).await;
    let head = "POST /api/hostile/echo HTTP/1.1\r\nhost: bank\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n";
    in_flight.send(head).await;
    in_flight.wait_for("HTTP/1.1 100").await;
    in_flight.send("first").await;

    host.signal(signal);
    let admin = host.admin();
    wait_for("readyz to say that the host drains", 10, async || {
        let answer = admin.get("/readyz").try_send().await.ok()?;
        (answer.status == 503).then_some(())
    })
    .await;
    wait_for("the public port to close", 10, async || {
        TcpStream::connect(&address).await.is_err().then_some(())
    })
    .await;

    in_flight.send("-last").await;
    let answer = in_flight.read_to_the_end().await;
    assert!(answer.contains("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains("first-last"),
        "the answer is whole: {answer}"
    );
    assert_eq!(host.wait_for_exit().await.code(), Some(0));
}

#[tokio::test]
async fn the_first_administrators_password_is_made_and_printed_once() {
    let mut host = Host::start(&Registry::bank(), None).await;
    let printed = host.stdout();
    let about_admin: Vec<&str> = printed
        .lines()
        .filter(|line| line.contains(ADMIN_EMAIL))
        .collect();
    let [line] = about_admin.as_slice() else {
        panic!("one line names the administrator:\n{printed}")
    };
    let (_before, password) = line
        .split_once("the password ")
        .expect("the line tells the password");
    let password = password
        .split_whitespace()
        .next()
        .expect("the line tells the password")
        .to_owned();
    let login = json!({"email": ADMIN_EMAIL, "password": password});
    let session = host
        .client()
        .post("/api/auth/login")
        .json(&login)
        .await
        .expect(200);
    assert_eq!(session["user"]["role"], "admin");
    assert!(
        !host.log_until_now().await.contains(&password),
        "printed, and not logged"
    );

    host.kill();
    host.launch();
    host.wait_until_ready().await;
    assert!(!host.stdout().contains(&password), "printed once");
    host.client()
        .post("/api/auth/login")
        .json(&login)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_password_for_the_first_administrator_that_comes_too_late_is_told_in_the_log() {
    const NOTICE: &str = "`admin_password` is set and has no effect";
    let mut host = Host::start(&Registry::bank(), Some(ADMIN_PASSWORD)).await;
    let log = host.log_until_now().await;
    assert!(!log.contains(NOTICE), "{log}");

    host.kill();
    let late = "another walk in the rain";
    let listens = host.try_launch(&workspace::binary(), &[(ADMIN_PASSWORD_VARIABLE, late)]);
    assert!(listens, "{}", host.log());
    host.wait_until_ready().await;
    let log = host.log_until_now().await;
    assert!(log.contains(NOTICE), "{log}");
    assert!(!log.contains(late), "the password itself is not logged");
    let client = host.client();
    for (password, status) in [(late, 401), (ADMIN_PASSWORD, 200)] {
        let login = json!({"email": ADMIN_EMAIL, "password": password});
        let answer = client.post("/api/auth/login").json(&login).await;
        assert_eq!(answer.status, status, "{password}");
    }
}

#[tokio::test]
async fn an_operator_gives_the_lost_administrator_a_new_password() {
    let host = Host::start(&Registry::bank(), Some(ADMIN_PASSWORD)).await;
    let client = host.client();
    let log_in = async |password: &str| {
        let login = json!({"email": ADMIN_EMAIL, "password": password});
        client.post("/api/auth/login").json(&login).await
    };
    let before = log_in(ADMIN_PASSWORD).await.json(200);
    let token = before["access_token"].as_str().expect("a token");

    let (folder, address) = (host.folder().to_owned(), host.admin_address().to_owned());
    let command = move || {
        let arguments = ["admin", "reset-password", ADMIN_EMAIL, "--admin", &address];
        run(&folder, &arguments)
    };
    let outcome = spawn_blocking(command).await.expect("it runs");
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let told = outcome.stdout.split_once(" is now ").expect("a password").1;
    let password = told.split(' ').next().expect("a password");

    let old = client.with_token(token).get("/api/auth/me").await;
    assert_eq!(old.status, 401, "the sessions of before have ended");
    assert_eq!(log_in(ADMIN_PASSWORD).await.status, 401);
    let after = log_in(password).await.json(200);
    let log = host.log_until_now().await;
    assert!(!log.contains(password), "{log}");
    let token = after["access_token"].as_str().expect("a token");
    let events = client.with_token(token).get("/api/auth/events").await;
    let events = events.json(200);
    let reset = &events["data"][0];
    assert_eq!(reset["action"], "user.password_reset");
    assert_eq!(reset["actor_role"], "operator");
}
