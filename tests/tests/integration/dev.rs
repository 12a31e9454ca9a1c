//! Goal: `strongroom serve --dev` is a bank to try things on. Its people and their money are there,
//! its clock moves, and nothing of it is left.
//! Method: such banks, read as their users read them: from what they print.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;
use strongroom_tests::bank::{day, transfer};
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{
    Bank, Client, Person, assert_json, assert_parts, json, text, wait_for, wait_until, workspace,
};

/// Ticks come each second, and later on a loaded machine.
const TICK_SECONDS_MAX: u64 = 20;
/// Making the people takes some hashes of passwords, on a loaded machine.
const INTRODUCTION_SECONDS_MAX: u64 = 120;
/// The last line that a start prints.
const LAST_LINE: &str = "/dev/clock";
const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

/// A bank to try things on, with all that it has printed.
struct DevBank {
    host: Host,
    printed: String,
}

impl DevBank {
    async fn start() -> Self {
        let host = Host::prepared(&Registry::bank(), None);
        let script = workspace::root().join("demo.toml");
        fs::copy(script, host.folder().join("demo.toml")).expect("the bank has a script");
        Self::launch(host).await
    }

    async fn launch(mut host: Host) -> Self {
        host.launch_dev();
        let printed = wait_for("the introduction", INTRODUCTION_SECONDS_MAX, async || {
            let printed = host.stdout();
            printed.contains(LAST_LINE).then_some(printed)
        })
        .await;
        Self { host, printed }
    }

    /// What is printed of somebody: the word after a label below their email address.
    #[track_caller]
    fn told(&self, name: &str, label: &str) -> &str {
        let (_, below) = self.printed.split_once(name).expect("they are printed");
        word_after(below, &format!("  {label} "))
    }

    /// What is printed of a password, which has many words.
    #[track_caller]
    fn password(&self, email: &str) -> &str {
        let (_, below) = self.printed.split_once(email).expect("they are printed");
        let (_, password) = below.split_once("  password ").expect("it is printed");
        password.lines().next().expect("a password").trim()
    }

    async fn log_in(&self, email: &str) -> Person {
        Person::log_in(&self.host.client(), email, self.password(email)).await
    }

    /// A client of the admin listener with the token that is printed in the clock's command.
    fn admin(&self) -> Client {
        let url = format!("http://{}", self.host.admin_address());
        let token = word_after(&self.printed, "authorization: Bearer ");
        Client::new(&url).with_token(token.trim_end_matches('\''))
    }

    fn data_folders(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.host.temporary_files()).expect("a folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths.collect()
    }
}

/// A host with one small service, and this script beside its registry.
fn prepared(script: Option<&str>) -> Host {
    let hello = Service::guest("hello").public();
    let host = Host::prepared(&Registry::empty().service("hello", hello), None);
    if let Some(script) = script {
        fs::write(host.folder().join("demo.toml"), script).expect("a file can be written");
    }
    host
}

#[track_caller]
fn word_after<'t>(text: &'t str, before: &str) -> &'t str {
    let (_, after) = text.split_once(before).expect("it is printed");
    after.split_whitespace().next().expect("a word")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_printed_has_the_token_password_key_and_money_that_are_printed() {
    let bank = DevBank::start().await;
    let program = bank.told("program", "API key");
    let program = bank.host.client().with_token(program);
    for (email, role, balance) in rows! {
        ("admin@strongroom.local", "admin", None), ("tess@example.com", "teller", None),
        (ANN, "customer", Some("1000.00")), (BOB, "customer", Some("250.00")),
    } {
        let client = bank.host.client().with_token(bank.told(email, "token"));
        let me = client.read("/api/auth/me").await;
        assert_json!(me, {"email": email, "role": role});
        let person = bank.log_in(email).await;
        assert_eq!(person.id, text(&me["id"]));
        if let Some(balance) = balance {
            let account = bank.told(email, "account");
            assert_parts(&bank.printed, &[&format!("{account} with {balance} EUR")]);
            assert_eq!(person.balance(account).await, balance);
            let seen = program.read(&format!("/api/accounts/{account}")).await;
            assert_json!(seen, {"balance": balance, "currency": "EUR"});
        }
    }
}

#[tokio::test]
async fn without_a_script_or_with_one_that_a_service_refuses_the_host_serves_and_says_so() {
    let refused = r#"
        show = "all is well"
        requests = [{ call = "GET /api/hello" }, { call = "POST /api/nobody" }]
    "#;
    for (script, told) in rows! {
        (None, &["There are no demo users: there is no ", "demo.toml"][..]),
        (Some(refused), &["POST /api/nobody: the response is 404 Not Found"]),
    } {
        let bank = DevBank::launch(prepared(script)).await;
        assert_eq!(bank.host.client().get("/api/hello").await.text(), "hello");
        assert_parts(&bank.printed, told);
        assert!(!bank.printed.contains("all is well"), "{}", bank.printed);
    }
}

#[tokio::test]
async fn a_script_with_a_mistake_and_a_data_folder_of_ones_own_are_refused() {
    let host = prepared(Some("show = \"\"\n[[requests]]\ncall = \"log in\"\n"));
    let refused = host.run(&["serve", "--dev"]).await;
    refused.assert_failure(1, &["demo.toml", "line 3"]);
    let refused = host.run(&["serve", "--dev", "--data", "mine"]).await;
    refused.assert_failure(2, &["--dev", "--data"]);
    assert!(!host.folder().join("mine").exists());
}

#[tokio::test]
async fn the_data_is_in_a_temporary_folder_until_the_host_ends_or_after_a_kill_starts_again() {
    let mut bank = DevBank::launch(prepared(None)).await;
    let left = bank.data_folders();
    let told = format!("Its data is in {}", left[0].display());
    assert_parts(&bank.printed, &[&told]);
    assert!(left[0].join("keys").is_dir());
    assert!(!bank.host.data().exists(), "the registry's folder");
    bank.host.kill();
    assert!(left[0].is_dir());
    for signal in [Signal::TERM, Signal::INT] {
        bank = DevBank::launch(bank.host).await;
        assert!(!left[0].exists());
        assert_eq!(bank.data_folders().len(), 1);
        bank.host.signal(signal);
        assert_eq!(bank.host.wait_for_exit().await.code(), Some(0));
        assert!(bank.data_folders().is_empty(), "{:?}", bank.data_folders());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_holds_tokens_and_statements_follow_the_clock() {
    let bank = DevBank::start().await;
    let ann = bank.log_in(ANN).await;
    let [from, to] = [ANN, BOB].map(|email| bank.told(email, "account"));
    let mut hold = transfer(from, to, "40.00", "EUR");
    hold["expires_in"] = json!(3_600);
    let hold = ann.submit("holds", &hold).await.expect(201);
    let mut order = transfer(from, to, "7.00", "EUR");
    order["start"] = json!(day(1));
    order["interval"] = json!("monthly");
    ann.submit("schedules", &order).await.expect(201);
    let statement = format!("/api/accounts/{from}/statement?from={0}&to={0}", day(1));
    ann.get(&statement).await.refused(422, "period_in_future");

    let call = bank.admin().post("/dev/clock");
    let moved = call.json(&json!({"advance": "2d"})).await.json(200);
    assert_eq!(&text(&moved["now"])[..10], day(2), "{moved}");

    ann.get("/api/auth/me").await.bad_token();
    let ann = bank.log_in(ANN).await;
    let is_paid = async || ann.balance(from).await == "993.00";
    wait_until("the standing order to be paid", TICK_SECONDS_MAX, is_paid).await;
    let is_expired = async || ann.transaction(&hold["id"]).await["status"] == "expired";
    wait_until("the hold to expire", TICK_SECONDS_MAX, is_expired).await;
    assert_json!(ann.read(&statement).await, {"closing_balance": "1000.00"});
    // The host does not take this for a clock that has jumped.
    assert_eq!(bank.admin().get("/readyz").await.status, 200);
    // It moves by an operator's request alone, and not at a bank that keeps its data.
    let (admin, kept) = (bank.admin(), Bank::shared().await.host.admin());
    for (admin, body, status) in [
        (&admin, json!({}), 400),
        (&admin.without_token(), json!({"advance": "1d"}), 401),
        (&kept, json!({"advance": "1d"}), 404),
    ] {
        let refused = admin.post("/dev/clock").json(&body).await;
        assert_eq!(refused.status, status, "{}", refused.text());
    }
}
