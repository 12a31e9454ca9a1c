//! Goal: `strongroom verify` proves a bank sound, whether it runs or not, and names the row where
//! it is not: in the ledger, in the stores beside it, and between them.
//!
//! Method: a bank of the real binary does business of every kind. It is verified under load, and
//! stopped; then its files are changed one by one, as an attacker with them in hand could. What
//! each service finds in its store, the tests of its `audit` say, and `tamper.rs` of the ledger bit
//! by bit; here it is what only several stores together can tell.

use std::fs;
use std::path::{Path, PathBuf};

use strongroom_tests::bank::{Pair, day, new_key};
use strongroom_tests::command::{CommandOutput, verify};
use strongroom_tests::race::Flood;
use strongroom_tests::registry::{BANK_SERVICES, Registry, Service};
use strongroom_tests::stores::{open_past_constraints, settle};
use strongroom_tests::{Bank, json, text, wait_for, workspace};
use tokio::task::spawn_blocking;

/// The bank's tick comes every second; on a loaded machine it takes longer.
const SECONDS_MAX: u64 = 60;

/// Verifies a bank that must be sound; returns what was printed.
fn sound(folder: &Path) -> CommandOutput {
    let outcome = verify(folder);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.ends_with("sound\n"), "{outcome:?}");
    outcome
}

/// Verifies a bank that must not be, and where a line has all parts of each of these.
fn broken(folder: &Path, lines: &[&str]) {
    let outcome = verify(folder);
    assert_eq!(outcome.code, Some(1), "{lines:?}: {outcome:?}");
    for line in lines {
        let parts: Vec<&str> = line.split(" .. ").collect();
        let found = outcome.lines_with(&parts);
        assert!(!found.is_empty(), "no line has {line}: {outcome:?}");
    }
    assert!(outcome.stdout.contains("NOT VERIFIED"), "{outcome:?}");
}

/// The value of a printed total.
fn total(outcome: &CommandOutput, name: &str) -> String {
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

/// Two customers who have more money, also in yen.
async fn pair_with_more(bank: &Bank) -> Pair {
    let pair = bank.pair().await;
    pair.admin.deposit(&pair.from, "900.00", "EUR").await;
    let yen = pair.bob.open_account("JPY").await;
    pair.admin.deposit(&yen, "5000", "JPY").await;
    pair
}

/// A standing order that pays today, and one that cannot.
async fn order_payments(pair: &Pair) {
    for amount in ["2.50", "9000.00"] {
        let order = pair.order(amount, &day(0));
        pair.alice.submit("schedules", &order).await.expect(201);
    }
    let path = "/api/transactions/schedules?limit=500";
    wait_for("today's payments", SECONDS_MAX, async || {
        let schedules = pair.alice.all(path).await;
        let mut runs = schedules.iter().map(|one| &one["last_run"]["status"]);
        let are_over = runs.all(|status| status == "posted" || status == "declined");
        are_over.then_some(())
    })
    .await;
}

/// Creates a webhook, which reads the whole journal from now on.
async fn follow(pair: &Pair) -> String {
    let webhook = json!({"url": "https://hooks.example/in"});
    let call = pair.admin.post("/api/webhooks").key(&new_key());
    let webhook = call.json(&webhook).await.expect(201);
    text(&webhook["id"]).to_owned()
}

/// Waits until the webhook has passed the whole journal.
async fn wait_for_webhook(pair: &Pair, webhook: &str) {
    let last = pair.send("0.01").await["sequence"].clone();
    let path = format!("/api/webhooks/{webhook}/deliveries?limit=1");
    wait_for("the webhook", SECONDS_MAX, async || {
        let list = pair.admin.read(&path).await;
        (list["data"][0]["sequence"] == last).then_some(())
    })
    .await;
}

/// Kills the bank, and puts each store into its one file.
fn stop(bank: &mut Bank) {
    bank.host.kill();
    for (service, _) in BANK_SERVICES {
        settle(&store(bank, service));
    }
}

/// Somebody else's trigger in a store.
const PLANTED: &str = "CREATE TRIGGER planted AFTER INSERT ON schema_migration BEGIN SELECT 1; END";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_is_sound_under_load_and_stopped_and_a_change_of_each_store_is_found() {
    let mut bank = Bank::start().await;
    let pair = pair_with_more(&bank).await;
    follow(&pair).await;
    pair.do_business().await;
    order_payments(&pair).await;

    let movers = (0..8).map(|_mover| {
        let (alice, body) = (pair.alice.clone(), pair.body("0.01"));
        move || alice.submit("transfer", &body)
    });
    let movers = Flood::begin(movers, |outcome| {
        outcome.expect("the host answers").expect(201);
        true
    });
    for _under_load in 0..3 {
        let folder = bank.folder().to_owned();
        let outcome = spawn_blocking(move || sound(&folder)).await;
        let yen = total(&outcome.expect("verified"), "customers' balances, JPY");
        assert_eq!(yen, "5000");
    }
    assert!(movers.end().await > 0, "money moved meanwhile");

    bank.host.kill();
    let outcome = sound(bank.folder());
    // Deposited, less what was withdrawn.
    assert_eq!(total(&outcome, "customers' balances, EUR"), "999.00");
    assert_eq!(total(&outcome, "the bank's own accounts, EUR"), "-999.00");
    assert_eq!(total(&outcome, "the bank's own accounts, JPY"), "-5000");

    stop(&mut bank);
    let honest = bank.folder().join("honest.sqlite");
    for (service, _) in BANK_SERVICES {
        let ok = format!("{service}: ok: ");
        assert!(!outcome.lines_with(&[&ok]).is_empty(), "{outcome:?}");
        let file = store(&bank, service);
        fs::copy(&file, &honest).expect("a copy");
        let changed = open_past_constraints(&file).execute_batch(PLANTED);
        changed.expect("a trigger");
        let row = format!("{service}:    .. planted: was added or changed");
        broken(bank.folder(), &[&row, &format!("{service}: BROKEN: ")]);
        fs::copy(&honest, &file).expect("a copy");
    }
    sound(bank.folder());
}

/// Each store may be honest by itself, and all together not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_from_an_older_backup_is_found_by_what_was_done_since() {
    let mut bank = Bank::start().await;
    let pair = pair_with_more(&bank).await;
    let webhook = follow(&pair).await;
    stop(&mut bank);
    let backup = bank.folder().join("backup.sqlite");
    fs::copy(store(&bank, "accounts"), &backup).expect("a copy");
    bank.host.restart().await;
    let pair = pair.at(&bank);
    order_payments(&pair).await;
    wait_for_webhook(&pair, &webhook).await;
    stop(&mut bank);
    fs::copy(&backup, store(&bank, "accounts")).expect("a copy");
    broken(
        bank.folder(),
        &[
            "transactions:   schedule run .. is over, and the ledger has nothing under it",
            "webhooks:   webhook 1: stands at .. the journal ends at ",
        ],
    );
    // A lost store is reported, and is not sound.
    fs::remove_file(store(&bank, "webhooks")).expect("removed");
    let lost = "webhooks: .. webhooks.sqlite .. there is no such store";
    broken(bank.folder(), &[lost]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_or_called_is_named_and_nothing_is_taken_for_sound() {
    let mut bank = Bank::start().await;
    bank.pair().await.send("1.00").await;
    stop(&mut bank);

    let registry = Registry::bank();
    let no_component = bank.folder().join("accounts.wasm");
    fs::write(&no_component, "no component").expect("a file");
    let without_ledger = |accounts: Service| accounts.file(&no_component);
    let without_ledger = registry.clone().change("accounts", without_ledger);
    without_ledger.write(bank.folder());
    broken(
        bank.folder(),
        &[
            "accounts: .. accounts.wasm .. is not a WebAssembly component",
            "transactions: .. `accounts`, which did not load",
            "webhooks: .. `accounts`, which did not load",
        ],
    );

    registry.write(bank.folder());
    let away = bank.folder().join("away.sqlite");
    let nonsense = "no database, but long enough to be looked at twice";
    let of_others = "webhooks: .. did not come to its end .. the service is not serving";
    for (service, gone, content, told) in rows! {
        ("accounts", &[of_others][..], nonsense, "accounts: .. not a database"),
        ("token", &[], "", "token: .. did not come to its end"),
    } {
        let file = store(&bank, service);
        fs::rename(&file, &away).expect("moved");
        let no_store = format!("{service}: .. {service}.sqlite .. there is no such store");
        broken(bank.folder(), &[&[&*no_store][..], gone].concat());
        fs::write(&file, content).expect("a file");
        broken(bank.folder(), &[told]);
        fs::rename(&away, &file).expect("moved back");
        sound(bank.folder());
    }

    let account = Service::default().file(&workspace::component("account"));
    let with_guest = registry.service("hello", Service::guest("hello").public());
    with_guest.service("vault", account).write(bank.folder());
    let never_ran = ["hello .. has never run here", "vault .. has never run here"];
    broken(bank.folder(), &never_ran);
}
