//! Goal: `strongroom verify` proves a bank sound, whether it runs or not, and names the row where it is not: in the ledger, in what
//! clients were told, and between the two.
//!
//! Method: a bank of the real binary does business of every kind. It is verified under load, and stopped; then its files are changed one
//! by one, as somebody with them in hand could. `tamper.rs` does that to the ledger's tables bit by bit; here it is the other store,
//! and what only both together can tell.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rusqlite::Connection;
use strongroom_tests::bank::{new_key, text, transfer};
use strongroom_tests::command::{Outcome, run};
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Bank, Person, Value, json, wait_for, workspace};
use tokio::task::{JoinSet, spawn_blocking};

/// The bank's tick comes every second; on a loaded machine it takes longer.
const SECONDS_MAX: u64 = 60;
/// Who moves money while the bank is verified.
const MOVERS: usize = 8;
/// How often it is verified meanwhile.
const VERIFIED_UNDER_LOAD: usize = 3;

fn verify(folder: &Path) -> Outcome {
    let data = folder.join("data").display().to_string();
    run(folder, &["verify", "--data", &data])
}

/// Verifies a bank that must be sound; answers what was printed.
fn sound(folder: &Path) -> Outcome {
    let outcome = verify(folder);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.ends_with("sound\n"), "{outcome:?}");
    outcome
}

/// Verifies a bank that must not be, and where a line says each of these.
fn broken(folder: &Path, lines: &[&[&str]]) {
    let outcome = verify(folder);
    assert_eq!(outcome.code, Some(1), "{lines:?}: {outcome:?}");
    for parts in lines {
        assert!(
            !outcome.lines_with(parts).is_empty(),
            "no line has {parts:?}: {outcome:?}"
        );
    }
    assert!(outcome.stdout.contains("NOT PROVEN SOUND"), "{outcome:?}");
}

/// The value of a printed total.
fn total(outcome: &Outcome, name: &str) -> String {
    let lines = outcome.lines_with(&[name]);
    let [line] = lines.as_slice() else {
        panic!("one line has {name}: {outcome:?}")
    };
    let (_, value) = line.rsplit_once(": ").expect("a total has a value");
    value.to_owned()
}

fn store(bank: &Bank, service: &str) -> PathBuf {
    bank.data().join(format!("stores/{service}.sqlite"))
}

/// Puts all of a store into its one file.
fn settle(file: &Path) {
    let connection = Connection::open(file).expect("a store");
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("a checkpoint");
}

/// Changes a store past its triggers and constraints.
fn tamper(file: &Path, statements: &str) {
    let connection = Connection::open(file).expect("a store");
    connection
        .execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;")
        .expect("the settings");
    connection
        .execute_batch(statements)
        .unwrap_or_else(|error| panic!("{statements}: {error}"));
}

/// Two customers, and what they have.
struct People {
    admin: Person,
    alice: Person,
    bob: Person,
    from: String,
    to: String,
}

async fn people(bank: &Bank) -> People {
    let admin = bank.admin().await;
    let (alice, bob) = (bank.customer().await, bank.customer().await);
    let from = alice.open_account("EUR").await;
    let to = bob.open_account("EUR").await;
    admin.deposit(&from, "1000.00", "EUR").await;
    let yen = bob.open_account("JPY").await;
    admin.deposit(&yen, "5000", "JPY").await;
    People {
        admin,
        alice,
        bob,
        from,
        to,
    }
}

impl People {
    async fn post(&self, path: &str, body: &Value) -> Value {
        let call = self.alice.post(&format!("/api/transactions/{path}"));
        call.key(&new_key()).json(body).await.expect(201)
    }

    async fn send(&self, amount: &str) -> Value {
        let key = new_key();
        let sent = self.alice.transfer(&key, &self.from, &self.to, amount);
        sent.await.expect(201)
    }

    async fn hold(&self, expires_in: u32) -> String {
        let mut body = transfer(&self.from, &self.to, "5.00", "EUR");
        body["expires_in"] = json!(expires_in);
        text(&self.post("holds", &body).await["id"]).to_owned()
    }

    /// Everything that the bank does with money, and to accounts.
    async fn do_business(&self) {
        let sent = self.send("30.00").await;
        let key = new_key();
        let too_much = self.alice.transfer(&key, &self.from, &self.to, "9000");
        too_much.await.refused(422, "insufficient_funds");
        let withdrawal = json!({"account_id": self.to, "amount": "1.00", "currency": "EUR"});
        let withdraw = self.bob.post("/api/transactions/withdraw");
        withdraw.key(&new_key()).json(&withdrawal).await.expect(201);
        let (captured, voided) = (self.hold(60).await, self.hold(60).await);
        self.hold(1).await;
        self.hold(6_000).await;
        let capture = json!({"amount": "4.00"});
        self.post(&format!("holds/{captured}/capture"), &capture)
            .await;
        self.post(&format!("holds/{voided}/void"), &json!({})).await;
        let reverse = format!("/api/transactions/{}/reverse", text(&sent["id"]));
        let reverse = self.admin.post(&reverse).key(&new_key());
        reverse.json(&json!({})).await.expect(201);
        let line = |amount: &str| transfer(&self.from, &self.to, amount, "EUR");
        let mixed =
            json!({"transfers": [line("1.00"), line("9000"), {"amount": 1}], "atomic": false});
        self.post("batch", &mixed).await;
        let whole = json!({"transfers": [line("1.00"), line("2.00")], "atomic": true});
        self.post("batch", &whole).await;
        self.order_payments().await;
        let limit = json!({"overdraft_limit": "50.00"});
        let account = format!("/api/accounts/{}", self.from);
        self.admin.patch(&account).json(&limit).await.expect(200);
    }

    /// A standing order that pays today, and one that cannot.
    async fn order_payments(&self) {
        let today = time::OffsetDateTime::now_utc().date().to_string();
        for amount in ["2.50", "9000.00"] {
            let mut order = transfer(&self.from, &self.to, amount, "EUR");
            order["start"] = json!(today);
            order["interval"] = json!("monthly");
            self.post("schedules", &order).await;
        }
        let path = "/api/transactions/schedules?limit=500";
        wait_for("today's payments", SECONDS_MAX, async || {
            let schedules = self.alice.all(path).await;
            let is_over = |schedule: &Value| {
                ["posted", "declined"]
                    .contains(&schedule["last_run"]["status"].as_str().unwrap_or(""))
            };
            schedules.iter().all(is_over).then_some(())
        })
        .await;
    }

    async fn follow(&self) {
        let webhook = json!({"url": "https://hooks.example/in"});
        let make = self.admin.post("/api/transactions/webhooks");
        make.key(&new_key()).json(&webhook).await.expect(201);
    }
}

/// Waits until the files tell of everything that was answered.
async fn stop_when_open_requests_are_settled(bank: &mut Bank) {
    let file = store(bank, "transactions");
    wait_for("no open request", SECONDS_MAX, async || {
        let connection = Connection::open(&file).expect("a store");
        let open = "SELECT count(*) FROM intent WHERE state = 'accepted'";
        let open: i64 = connection
            .query_row(open, [], |row| row.get(0))
            .expect("a count");
        (open == 0).then_some(())
    })
    .await;
    bank.host.kill();
    settle(&store(bank, "transactions"));
    settle(&store(bank, "accounts"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_is_sound_after_business_of_every_kind_under_load_and_stopped() {
    let mut bank = Bank::start().await;
    let people = people(&bank).await;
    people.follow().await;
    people.do_business().await;

    let is_over = Arc::new(AtomicBool::new(false));
    let mut movers = JoinSet::new();
    for _ in 0..MOVERS {
        let (alice, from, to) = (people.alice.clone(), people.from.clone(), people.to.clone());
        let is_over = Arc::clone(&is_over);
        movers.spawn(async move {
            let mut moved = 0_u64;
            while !is_over.load(Relaxed) {
                alice
                    .transfer(&new_key(), &from, &to, "0.01")
                    .await
                    .expect(201);
                moved += 1;
            }
            moved
        });
    }
    for _ in 0..VERIFIED_UNDER_LOAD {
        let folder = bank.folder().to_owned();
        let outcome = spawn_blocking(move || sound(&folder))
            .await
            .expect("verified");
        assert_eq!(total(&outcome, "customers' balances, JPY"), "5000");
    }
    is_over.store(true, Relaxed);
    let moved: u64 = movers.join_all().await.into_iter().sum();
    assert!(moved > 0, "money moved meanwhile");

    bank.host.kill();
    let outcome = sound(bank.folder());
    // Deposited, less what was withdrawn.
    assert_eq!(total(&outcome, "customers' balances, EUR"), "999.00");
    assert_eq!(total(&outcome, "internal accounts, EUR"), "-999.00");
    assert_eq!(total(&outcome, "internal accounts, JPY"), "-5000");
    for service in ["accounts: ok: ", "transactions: ok: "] {
        assert!(!outcome.lines_with(&[service]).is_empty(), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_changed_in_what_clients_were_told_is_found_and_named() {
    let mut bank = Bank::start().await;
    let people = people(&bank).await;
    people.follow().await;
    people.do_business().await;
    let sent = text(&people.send("12.34").await["id"]).to_owned();
    stop_when_open_requests_are_settled(&mut bank).await;
    sound(bank.folder());

    let file = store(&bank, "transactions");
    let honest = bank.folder().join("honest.sqlite");
    fs::copy(&file, &honest).expect("a copy");
    let doubled = "CREATE TABLE copied AS SELECT * FROM schedule_run; DROP TABLE schedule_run;
        CREATE TABLE schedule_run AS SELECT * FROM copied;
        INSERT INTO schedule_run SELECT sequence + 100, schedule_id, due, attempts, transfer_id, state, decline_code,
            next_attempt_at_ms, retry_until_ms, changed_at_ms FROM copied WHERE state = 'posted'";
    let invented = "INSERT INTO intent (sequence, id, principal_id, route, idempotency_key, fingerprint, state, status, body,
            created_at_ms, attempts, next_attempt_at_ms, deadline_at_ms)
        SELECT 1000, randomblob(16), principal_id, route, 'invented', fingerprint, 'final', status, body,
            created_at_ms, attempts, next_attempt_at_ms, deadline_at_ms FROM intent WHERE body LIKE '%12.34%'";
    for (change, words) in [
        (
            "UPDATE intent SET body = replace(body, '\"12.34\"', '\"12.35\"')",
            [
                "transactions:   intent ",
                &sent,
                "was answered `amount`: \"12.35\", and the ledger says \"12.34\"",
            ],
        ),
        (
            "UPDATE intent SET status = 422 WHERE body LIKE '%\"12.34\"%'",
            ["transactions:   intent ", &sent, "was answered 422"],
        ),
        (
            "UPDATE intent SET idempotency_key = 'another' WHERE body LIKE '%\"12.34\"%'",
            ["transactions:   intent ", &sent, "its id is not made of"],
        ),
        (
            "UPDATE intent SET fingerprint = zeroblob(32) WHERE body LIKE '%\"12.34\"%'",
            [
                "transactions:   intent ",
                &sent,
                "another request under its id",
            ],
        ),
        (
            invented,
            [
                "transactions:   intent 1000",
                "was answered",
                "the ledger has nothing under its id",
            ],
        ),
        (
            "UPDATE intent SET body = replace(body, '\"2.00\"', '\"20.00\"') WHERE route = 'batch'",
            ["transactions:   intent ", "was answered `outcomes`", ""],
        ),
        (
            doubled,
            [
                "transactions:   schedule run 10",
                "has no such date, or had it before",
                "",
            ],
        ),
        (
            "UPDATE schedule_run SET state = 'declined', decline_code = 'account_closed' WHERE state = 'posted'",
            [
                "transactions:   schedule run ",
                "is declined, and the ledger has decided otherwise",
                "",
            ],
        ),
        (
            "UPDATE schedule SET request = replace(request, '250', '251')",
            ["transactions:   schedule ", "is not what was asked for", ""],
        ),
        (
            "UPDATE webhook SET cursor = cursor + 1000",
            [
                "transactions:   webhook 1: stands at",
                "and the journal ends at",
                "",
            ],
        ),
        (
            "UPDATE webhook SET url = 'https://elsewhere.example/'",
            [
                "transactions:   webhook 1 (",
                "is not what the audit log made of it",
                "",
            ],
        ),
        (
            "DROP TRIGGER audit_log_is_never_updated; UPDATE audit_log SET actor = zeroblob(16)",
            [
                "transactions:   event 1 (",
                "it is not what its hash was made of",
                "",
            ],
        ),
    ] {
        fs::copy(&honest, &file).expect("a copy");
        tamper(&file, change);
        broken(bank.folder(), &[&words, &["transactions: BROKEN: "]]);
    }
    fs::copy(&honest, &file).expect("a copy");
    sound(bank.folder());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_cut_off_is_no_fault_and_one_that_is_said_to_be_paid_is() {
    let mut bank = Bank::start().await;
    let people = people(&bank).await;
    people.send("1.00").await;
    stop_when_open_requests_are_settled(&mut bank).await;
    let file = store(&bank, "transactions");
    // As if the host had been killed between the two commits: open here, posted there.
    let request = json!({"by_bank": false, "instruction": {"kind": "transfer", "source": people.from,
        "destination": {"id": people.to}, "amount_minor": 100, "currency": "EUR"}});
    let reopen = format!(
        "UPDATE intent SET state = 'accepted', status = NULL, body = NULL, request = '{request}' WHERE route = 'transfer'"
    );
    tamper(&file, &reopen);
    let outcome = sound(bank.folder());
    assert_eq!(total(&outcome, "requests without an answer"), "1");
    // Never posted, and said to be.
    let paid = "UPDATE intent SET id = randomblob(16), state = 'final', request = NULL, status = 201, body = '{}' WHERE route = 'transfer'";
    tamper(&file, paid);
    broken(
        bank.folder(),
        &[&[
            "transactions:   intent ",
            "was answered, and the ledger has nothing under its id",
        ]],
    );
}

/// Each store may be honest by itself, and the two together not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_from_an_older_backup_is_found_by_what_clients_were_told_since() {
    let mut bank = Bank::start().await;
    let people = people(&bank).await;
    stop_when_open_requests_are_settled(&mut bank).await;
    let backup = bank.folder().join("backup.sqlite");
    fs::copy(store(&bank, "accounts"), &backup).expect("a copy");
    bank.host.launch();
    bank.host.wait_until_ready().await;
    let alice = people.alice.at(&bank);
    let key = new_key();
    let lost = alice.transfer(&key, &people.from, &people.to, "1.00");
    let lost = text(&lost.await.expect(201)["id"]).to_owned();
    stop_when_open_requests_are_settled(&mut bank).await;
    fs::copy(&backup, store(&bank, "accounts")).expect("a copy");
    broken(
        bank.folder(),
        &[&[
            "transactions:   intent ",
            &lost,
            "the ledger has nothing under its id",
        ]],
    );
    // Without what clients were told, the older ledger contradicts nothing: a store that is lost is told, and not taken for sound.
    fs::remove_file(store(&bank, "transactions")).expect("removed");
    broken(
        bank.folder(),
        &[&[
            "transactions: ",
            "transactions.sqlite",
            "there is no such store",
        ]],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_or_called_is_named_and_nothing_is_taken_for_sound() {
    let mut bank = Bank::start().await;
    people(&bank).await.send("1.00").await;
    stop_when_open_requests_are_settled(&mut bank).await;

    let registry = Registry::bank();
    let broken_component = bank.folder().join("accounts.wasm");
    fs::write(&broken_component, "no component").expect("a file");
    let component = broken_component.display().to_string();
    let without_ledger = registry
        .clone()
        .change("accounts", |service| service.set("component", component));
    without_ledger.write(bank.folder());
    broken(
        bank.folder(),
        &[
            &[
                "accounts: ",
                "accounts.wasm",
                "is not a WebAssembly component",
            ],
            &["transactions: ", "`accounts`, which did not load"],
        ],
    );

    registry.write(bank.folder());
    let ledger = store(&bank, "accounts");
    let away = bank.folder().join("away.sqlite");
    fs::rename(&ledger, &away).expect("moved");
    broken(
        bank.folder(),
        &[
            &["accounts: ", "accounts.sqlite", "there is no such store"],
            &[
                "transactions: ",
                "did not come to its end",
                "the service is not serving",
            ],
        ],
    );
    fs::write(
        &ledger,
        "no database, but long enough to be looked at twice",
    )
    .expect("a file");
    broken(bank.folder(), &[&["accounts: ", "not a database"]]);
    fs::rename(&away, &ledger).expect("moved back");
    sound(bank.folder());

    // A service without an audit is passed over, and one that never ran is told.
    let account = workspace::root().join("target/components/account.wasm");
    let account = account.display().to_string();
    let with_guest = Registry::bank()
        .service("hello", Service::guest("hello").public())
        .service("vault", Service::default().set("component", account));
    with_guest.write(bank.folder());
    broken(
        bank.folder(),
        &[&["vault: ", "vault.sqlite", "has never run here"]],
    );
}
