//! Goal: whatever field of the ledger is changed behind its back, the audit finds it; and it finds nothing in an honest ledger.
//! Method: a small bank with every kind of row; then, one at a time, each column of each table is changed in each row.

use super::*;
use crate::account::{self, AccountType, Actor, NumberFormat, OpenRequest, OpenRules};
use crate::ledger::{self, AccountRef, DebitAuthority, Kind, Transfer};
use crate::schema::MIGRATIONS;
use strongroom_sdk::clock::{Clock, SystemClock};
use strongroom_sdk::money::Currency;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{SqliteStore, Transaction, Value, migrate};
use uuid::Uuid;

const OWNER: Uuid = Uuid::from_u128(0xA);

/// A clock that is two minutes ahead of the system's.
struct Later;

impl Clock for Later {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() + 120_000
    }
}

/// Two customers' accounts, one frozen for debits, with rows of every kind: holds that were captured, voided, expired, and left open, a
/// reversal, a decline, a cancelled id, and a change of a limit.
fn bank() -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    let actor = Actor {
        id: OWNER,
        role: "teller".to_owned(),
        request_id: "request".to_owned(),
    };
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000").unwrap(),
        accounts_per_user_max: 9,
    };
    let [first, second] = [(); 2].map(|()| {
        let request = OpenRequest {
            owner_id: OWNER,
            account_type: AccountType::Checking,
            currency: Currency::from_code("EUR").unwrap(),
            name: Some("Everyday".to_owned()),
        };
        account::open(
            &store,
            (&SystemClock, &SystemRandom),
            &rules,
            request,
            &actor,
        )
        .unwrap()
        .id
    });
    account::set_overdraft_limit(&store, &SystemClock, second, 50, &actor).unwrap();
    let transfer = |id, kind, source, destination: Option<Uuid>, amount_minor| Transfer {
        id: Uuid::from_u128(id),
        fingerprint: [7; 32],
        kind,
        authority: DebitAuthority::Bank,
        initiator: OWNER,
        source,
        destination: destination.map(AccountRef::Id),
        subject: None,
        amount_minor,
        currency: "EUR".to_owned(),
        reference: Some("rent".to_owned()),
        metadata: Some("{}".to_owned()),
        timeout_seconds: (kind == Kind::Hold).then_some(60),
        requested_at_ms: 5,
    };
    for transfer in [
        transfer(1, Kind::Deposit, None, Some(first), 1_000),
        transfer(2, Kind::Transfer, Some(first), Some(second), 300),
        transfer(3, Kind::Withdrawal, Some(second), None, 100),
        transfer(4, Kind::Transfer, Some(first), Some(second), 9_000),
    ] {
        ledger::post(&store, &SystemClock, &transfer).unwrap();
    }
    let of_subject = |id, kind, subject, amount_minor| Transfer {
        subject: Some(Uuid::from_u128(subject)),
        ..transfer(id, kind, None, None, amount_minor)
    };
    let hold = |id| transfer(id, Kind::Hold, Some(first), Some(second), 40);
    for transfer in [
        hold(6),
        of_subject(7, Kind::Capture, 6, 30),
        hold(8),
        of_subject(9, Kind::Void, 8, 40),
        of_subject(10, Kind::Reversal, 3, 100),
        hold(11),
    ] {
        let posting = ledger::post(&store, &SystemClock, &transfer).unwrap();
        assert_eq!(posting.decline, None, "{transfer:?}");
    }
    assert_eq!(ledger::expire_holds(&store, &Later).unwrap(), 1);
    let mut open_hold = hold(12);
    open_hold.timeout_seconds = Some(6_000);
    ledger::post(&store, &SystemClock, &open_hold).unwrap();
    // At the end, where only the head of the chain knows of it.
    let cancelled = transfer(13, Kind::Transfer, Some(first), Some(second), 1);
    ledger::fence(&store, &SystemClock, &cancelled).unwrap();
    let debits = account::Freeze::Debits;
    account::freeze(&store, &SystemClock, second, debits, &actor).unwrap();
    store
}

/// Runs statements as somebody with the file in hand would: without triggers, foreign keys, or checks.
fn tamper(store: &SqliteStore, statements: &[&str]) -> Result<(), StoreError> {
    let transaction = store.begin()?;
    let triggers =
        transaction.query("SELECT name FROM sqlite_schema WHERE type = 'trigger'", &[])?;
    for trigger in triggers {
        transaction.execute(&format!("DROP TRIGGER {}", trigger.text(0)?), &[])?;
    }
    transaction.execute("PRAGMA ignore_check_constraints = ON", &[])?;
    for statement in statements {
        transaction.execute(statement, &[])?;
    }
    transaction.commit()
}

/// A row that cannot even be read stops the audit with an error that names the column: found as well.
fn is_broken(store: &SqliteStore) -> bool {
    match check_invariants(store) {
        Ok(report) => report.violations().next().is_some(),
        Err(error) => matches!(error, StoreError::Row(_)),
    }
}

#[test]
fn an_honest_ledger_has_no_violations() {
    let report = check_invariants(&bank()).unwrap();
    assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
    let amounts = report
        .totals
        .iter()
        .filter(|total| total.name.contains("EUR"));
    let amounts: Vec<_> = amounts.map(|total| total.value.as_str()).collect();
    assert_eq!(amounts, ["10.00", "-10.00"]);
    assert!(
        report.checks.iter().all(|check| check.examined > 0),
        "{report:?}"
    );
}

/// Other values for a column, of which at least one passes the table's checks: the next number, another word, the bytes inverted.
const CHANGES: [&str; 25] = [
    "{} + 1",
    "{} - 1",
    "{} + 1000",
    "7",
    "'forged'",
    "'posted'",
    "'declined'",
    "'debit'",
    "'credit'",
    "'deposit'",
    "'withdrawal'",
    "'USD'",
    "'frozen'",
    "'cancelled'",
    "'savings'",
    "'unfrozen'",
    "'hold'",
    "'reversal'",
    "'voided'",
    "'pending'",
    "'both'",
    "NULL",
    "zeroblob(16)",
    "zeroblob(32)",
    "randomblob(length({}))",
];

#[test]
fn every_changed_field_is_found() {
    for table in [
        "transfer",
        "entry",
        "balance",
        "open_hold",
        "journal_head",
        "account",
        "account_event",
        "account_event_head",
    ] {
        let store = bank();
        let columns = store
            .query(
                "SELECT name FROM pragma_table_info(?1)",
                &[Value::from(table)],
            )
            .unwrap();
        let columns: Vec<_> = columns
            .into_iter()
            .map(|row| row.text(0).unwrap())
            .collect();
        let rows = store
            .query(&format!("SELECT rowid FROM {table}"), &[])
            .unwrap();
        let rows: Vec<_> = rows
            .into_iter()
            .map(|row| row.integer(0).unwrap())
            .collect();
        for column in columns.iter().filter(|column| *column != "singleton") {
            for rowid in &rows {
                // A row of another kind cannot have them at all: the table's checks refuse every value.
                let is_of_few = ["subject_sequence", "expires_at_ms"].contains(&column.as_str());
                assert!(
                    changes_are_found(table, column, *rowid) > 0 || is_of_few,
                    "nothing changes {table}.{column} in row {rowid}"
                );
            }
        }
    }
}

/// Tries every change of one field, each in a bank of its own; answers how many the table's checks let pass.
fn changes_are_found(table: &str, column: &str, rowid: i64) -> usize {
    let mut passed = 0;
    for change in CHANGES {
        let store = bank();
        let value = change.replace("{}", column);
        let before = store
            .query(
                &format!("SELECT {column} FROM {table} WHERE rowid = {rowid}"),
                &[],
            )
            .unwrap();
        let update = format!("UPDATE {table} SET {column} = {value} WHERE rowid = {rowid}");
        if tamper(&store, &[&update]).is_err() {
            continue;
        }
        let after = store
            .query(
                &format!("SELECT {column} FROM {table} WHERE rowid = {rowid}"),
                &[],
            )
            .unwrap();
        if before != after {
            passed += 1;
            assert!(is_broken(&store), "not found: {update}");
        }
    }
    passed
}

#[test]
fn every_lost_or_added_row_is_found() {
    for table in [
        "transfer",
        "entry",
        "balance",
        "open_hold",
        "journal_head",
        "account_event",
        "account_event_head",
    ] {
        for order in ["ASC", "DESC"] {
            let store = bank();
            let delete = format!(
                "DELETE FROM {table} WHERE rowid = (SELECT rowid FROM {table} ORDER BY rowid {order} LIMIT 1)"
            );
            tamper(&store, &[&delete]).unwrap();
            assert!(is_broken(&store), "not found: {delete}");
        }
    }
    for insert in [
        "INSERT INTO entry SELECT sequence + 100, 4, account_key, account_sequence + 9, direction, amount_minor, 0 FROM entry LIMIT 1",
        "INSERT INTO balance (account_key) VALUES (2)  ON CONFLICT DO UPDATE SET credits_pending = 5",
        "INSERT INTO account_event SELECT sequence + 100, account_key, action, actor_id, actor_role, request_id, old_value, new_value, \
         at_ms, hash FROM account_event LIMIT 1",
    ] {
        let store = bank();
        tamper(&store, &[insert]).unwrap();
        assert!(is_broken(&store), "not found: {insert}");
    }
}

#[test]
fn a_cut_off_tail_is_found() {
    let store = bank();
    // A declined row moves no balance: only the head of the chain knows of it.
    let last = "DELETE FROM transfer WHERE sequence = (SELECT max(sequence) FROM transfer)";
    tamper(&store, &[last]).unwrap();
    assert!(is_broken(&store));
}

#[test]
fn money_from_nowhere_is_found_even_with_its_own_entry() {
    let store = bank();
    tamper(
        &store,
        &[
            "UPDATE balance SET credits_posted = credits_posted + 500 WHERE account_key = 1",
            "UPDATE entry SET amount_minor = amount_minor + 500, balance_after_minor = balance_after_minor + 500
             WHERE account_key = 1 AND direction = 'credit'",
        ],
    )
    .unwrap();
    let report = check_invariants(&store).unwrap();
    assert!(report.violations().count() >= 3, "{report:?}");
}
