//! The commands of the binary. `check` and `verify` have files of their own: `check.rs`, and
//! `verify.rs` and `tamper.rs`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;
use strongroom_tests::bank::{ADMIN_EMAIL, ADMIN_PASSWORD};
use strongroom_tests::command::run;
use strongroom_tests::host::{ADMIN_PASSWORD_VARIABLE, Host};
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::wire::Connection as Wire;
use strongroom_tests::{Bank, Person, assert_parts, wait_until, workspace};
use tempfile::tempdir;
use tokio::net::TcpStream;

fn hello() -> Registry {
    Registry::empty().service("hello", Service::guest("hello").public())
}

#[test]
fn help_names_commands_and_flags_and_the_version_is_printed() {
    let folder = tempdir().expect("a temporary folder");
    let run = |arguments: &str| run(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
    for (arguments, words) in rows! {
        ("--help", "serve, check, verify, admin, STRONGROOM_ADMIN_PASSWORD, \
            STRONGROOM_ADMIN_TOKEN, STRONGROOM_LOG, Exit codes, Examples"),
        ("serve --help", "--registry, default: registry.toml, --data, --cache, --dev, --listen, \
            127.0.0.1:8080, --admin, 127.0.0.1:9090, SIGTERM, SIGHUP"),
        ("--version", "strongroom , ."),
    } {
        let outcome = run(arguments);
        outcome.assert_success();
        assert_parts(&outcome.stdout, &words.split(", ").collect::<Vec<_>>());
    }
    let unknown = run("launder");
    assert!(unknown.code.is_some_and(|code| code != 0), "{unknown:?}");
    assert_parts(&unknown.stderr, &["launder"]);
}

#[tokio::test]
async fn serve_refuses_a_data_folder_in_use_and_a_registry_with_mistakes() {
    let host = Host::start(&hello(), None).await;
    let second = host.run_serve().await;
    assert_eq!(second.code, Some(1), "{second:?}");
    let first = host.client().get("/api/hello").await;
    assert_eq!(first.text(), "hello", "the first host goes on");

    let registry = host.folder().join("registry.toml");
    fs::write(&registry, "[services.one]\ncomponent = 7\n").expect("a file can be written");
    let refused = host.run_serve().await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let reports = refused.lines_with(&["registry.toml:2", "component"]);
    assert_eq!(reports.len(), 1, "{refused:?}");
}

#[tokio::test]
async fn serve_takes_addresses_and_data_from_the_registry_and_first_from_its_flags() {
    let at = |address: &str| {
        let registry = hello().host("data", "vault");
        registry.host("listen", address).host("admin", address)
    };
    let free = "127.0.0.1:0";
    let flags = ["--listen", free, "--admin", free, "--data", "cellar"];
    for (registry, flags, data) in [
        (at(free), &[][..], "vault"),
        (at("127.0.0.1:1"), &flags, "cellar"),
    ] {
        let mut host = Host::prepared(&registry, None);
        host.launch_with(flags);
        host.wait_until_ready().await;
        assert_eq!(host.client().get("/api/hello").await.text(), "hello");
        assert!(host.folder().join(data).is_dir());
        assert_eq!(host.folder().join("vault").exists(), data == "vault");
    }
}

/// So does Ctrl-C.
#[tokio::test]
async fn sigterm_finishes_what_runs_and_exits_0() {
    let hostile = Service::guest("hostile").public();
    let mut host = Host::prepared(&Registry::empty().service("hostile", hostile), None);
    for signal in [Signal::TERM, Signal::INT] {
        host.serve().await;
        let address = host.address().to_owned();
        // It runs when the host says that it wants the body (RFC 9110 section 10.1.1).
        let mut in_flight = Wire::open(&address).await;
        let head = "POST /api/hostile/echo HTTP/1.1\r\nhost: bank\r\nexpect: 100-continue\r\n\
            content-length: 10\r\n\r\n";
        in_flight.send(head).await;
        in_flight.wait_for("HTTP/1.1 100").await;
        in_flight.send("first").await;

        host.signal(signal);
        let admin = host.admin();
        wait_until("readyz to say that the host drains", 10, async || {
            let answer = admin.get("/readyz").try_send().await;
            answer.is_ok_and(|answer| answer.status == 503)
        })
        .await;
        let is_closed = async || TcpStream::connect(&address).await.is_err();
        wait_until("the public port to close", 10, is_closed).await;

        in_flight.send("-last").await;
        let answer = in_flight.read_to_the_end().await;
        assert_parts(&answer, &["HTTP/1.1 200", "first-last"]);
        assert_eq!(host.wait_for_exit().await.code(), Some(0));
    }
}

/// The first administrator's password, from the one line that names it.
fn password_in(text: &str) -> String {
    let mut lines = text.lines().filter(|line| line.contains(ADMIN_EMAIL));
    let line = lines.next().expect("a line names the administrator");
    assert_eq!(lines.next(), None, "one line: {text}");
    let password = line.split_once("the password ").expect("a password").1;
    let password = password.split_whitespace().next();
    password.expect("a password").to_owned()
}

#[tokio::test]
async fn the_first_administrators_password_is_made_and_printed_once_on_the_terminal() {
    let mut bank = Bank {
        host: Host::prepared(&Registry::bank(), None),
    };
    bank.host.launch_on_terminal().await;
    let password = password_in(&bank.stdout());
    let session = bank.login(ADMIN_EMAIL, &password).await.expect(200);
    assert_eq!(session["user"]["role"], "admin");
    let log = bank.log_until_now().await;
    assert!(!log.contains(&password), "printed, and not logged");
    bank.host.kill();
    bank.host.launch_on_terminal().await;
    assert!(!bank.stdout().contains(&password), "printed once");
}

#[tokio::test]
async fn without_a_terminal_the_first_administrators_password_is_in_a_private_file() {
    let bank = Bank {
        host: Host::start(&Registry::bank(), None).await,
    };
    let file = bank.data().join("auth.start.txt");
    let mode = file.metadata().expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let password = password_in(&fs::read_to_string(&file).expect("text"));
    bank.login(ADMIN_EMAIL, &password).await.expect(200);
    let printed = bank.stdout();
    assert_parts(&printed, &[&file.display().to_string()]);
    for shown in [printed, bank.log_until_now().await] {
        assert!(!shown.contains(&password), "{shown}");
    }
}

#[tokio::test]
async fn a_start_says_which_services_do_not_serve() {
    let mut host = Host::prepared(&Registry::bank(), Some("short"));
    host.launch();
    wait_until("what does not serve", 10, async || {
        let printed = host.stdout();
        printed.contains("not every service serves: auth is failed, ")
    })
    .await;
    let log = host.log_until_now().await;
    assert_parts(&log, &["the password must have at least 15 characters"]);
}

#[tokio::test]
async fn a_password_that_comes_too_late_is_named_in_the_log_and_an_operator_gives_a_new_one() {
    const NOTICE: &str = "`admin_password` is set and has no effect";
    let mut bank = Bank::start().await;
    let log = bank.log_until_now().await;
    assert!(!log.contains(NOTICE), "{log}");

    bank.host.kill();
    let late = "another walk in the rain";
    let environment = [(ADMIN_PASSWORD_VARIABLE, late)];
    let listens = bank.host.try_launch(&workspace::binary(), &environment);
    assert!(listens, "{}", bank.log());
    bank.wait_until_ready().await;
    let log = bank.log_until_now().await;
    assert_parts(&log, &[NOTICE]);
    assert!(!log.contains(late), "the password itself is not logged");
    for (password, status) in [(late, 401), (ADMIN_PASSWORD, 200)] {
        let login = bank.login(ADMIN_EMAIL, password).await;
        assert_eq!(login.status, status, "{password}");
    }

    let admin = bank.admin().await;
    let address = bank.admin_address();
    let command = ["admin", "reset-password", ADMIN_EMAIL, "--admin", address];
    let outcome = bank.run(&command).await;
    outcome.assert_success();
    let printed = outcome.stdout.split_once(" is now ").expect("a password").1;
    let password = printed.split(' ').next().expect("a password");
    admin.get("/api/auth/me").await.bad_token();
    assert_eq!(bank.login(ADMIN_EMAIL, ADMIN_PASSWORD).await.status, 401);
    Person::log_in(&bank.client(), ADMIN_EMAIL, password).await;
    let log = bank.log_until_now().await;
    assert!(!log.contains(password), "{log}");
}
