//! Goal: the audit finds each change of one column of one row, and nothing in an honest ledger.

use super::*;
use crate::account::{self, Account, AccountUpdate};
use crate::ledger::{self, BATCH_COLUMNS, BatchRow};
use crate::tests::kit::{self, OWNER, eur, teller};
use strongroom_ledger_api::{AccountRef, BatchLine, Instruction, Kind};
use strongroom_sdk::clock::ManualClock;
use strongroom_sdk::hash_chain::GENESIS;
use strongroom_sdk::rows;
use strongroom_sdk::store::{
    Reader, Row, SqliteStore, SqliteTransaction, Transaction, Value, drop_guards,
};
use uuid::Uuid;

const START_MS: i64 = 1_800_000_000_000;

/// Two customers' accounts with rows and changes of every kind, and an internal account.
fn bank() -> SqliteStore {
    let (store, clock) = (kit::store(), ManualClock::at(START_MS));
    let [first, second] = [(); 2].map(|()| kit::open(&store, &clock, OWNER, "EUR"));
    kit::set_limit(&store, &clock, second.id, 50).unwrap();
    describe(&store, &clock, &second);
    // It ends below zero.
    let fees = kit::open_internal(&store, &clock, "fees", "EUR");
    kit::post_each_kind(&store, &clock, first.id, second.id);
    ledger::post(&store, &clock, &kit::noted(20, pay(&fees, &second, 5))).unwrap();
    let declined = [9_000, 1].map(|minor| kit::line(pay(&second, &first, minor)));
    let customer = Some(Uuid::from_u128(0xC));
    for (customer, id, atomic, lines) in rows! {
        (customer, 0xBA7C1, false, batch_lines(&first, &second)),
        (customer, 0xBA7C2, true, declined.to_vec()),
        (None, 0xBA7C3, true, vec![kit::line(pay(&first, &second, 1))]),
    } {
        let mut batch = kit::batch(id, atomic, lines);
        batch.on_behalf_of = customer;
        ledger::post_batch(&store, &clock, &batch).unwrap();
    }
    // The last row, which only the head of the chain protects.
    ledger::cancel(&store, &clock, &kit::noted(13, pay(&first, &second, 1))).unwrap();
    let debits = account::Freeze::Debits;
    account::freeze(&store, &clock, second.id, debits, &teller()).unwrap();
    store
}

fn describe(store: &SqliteStore, clock: &ManualClock, account: &Account) {
    for (name, metadata) in [("Rent", r#"{"a":"1"}"#), ("Rent 2", r#"{"b":"2"}"#)] {
        let update = AccountUpdate {
            name: Some(Some(name.to_owned())),
            metadata: Some(Some(serde_json::from_str(metadata).unwrap())),
            overdraft_limit: None,
        };
        account::update(store, clock, account.id, update, &teller()).unwrap();
    }
}

fn pay(from: &Account, to: &Account, minor: i64) -> Instruction {
    kit::instruction(Kind::Transfer, Some(from.id), Some(to.id), eur(minor))
}

/// Lines that are posted, declined, denied, and refused.
fn batch_lines(first: &Account, second: &Account) -> Vec<BatchLine> {
    let mut nowhere = pay(first, second, 2);
    nowhere.destination = Some(AccountRef::Number("DE404".to_owned()));
    vec![
        kit::line(pay(second, first, 1)),
        kit::line(pay(first, second, 9_000)),
        kit::denied_by("list_7", kit::line(pay(first, second, 2))),
        kit::line(nowhere),
        BatchLine::Refused(kit::refusal()),
    ]
}

/// A bank without triggers and checks, as for a thief of its file.
fn open_bank() -> SqliteStore {
    let store = bank();
    drop_guards(&store).unwrap();
    store
}

/// What `look` returns after the statement, which is rolled back; none where SQLite refuses it.
fn tampered<T>(
    store: &SqliteStore,
    statement: &str,
    look: impl FnOnce(&SqliteTransaction) -> T,
) -> Option<T> {
    let transaction = store.begin().unwrap();
    transaction.execute(statement, &[]).ok()?;
    // The store has one connection: it reads the changes of the transaction.
    Some(look(&transaction))
}

/// A row that cannot be read stops the audit with an error, which counts as found.
fn is_broken(store: &SqliteStore) -> bool {
    match check_invariants(store) {
        Ok(report) => report.violations().next().is_some(),
        Err(error) => matches!(error, StoreError::Row(_)),
    }
}

fn rows_of(store: &SqliteStore, sql: &str) -> Vec<Row> {
    store.query(sql, &[]).unwrap().rows
}

fn broken(store: &SqliteStore) -> Vec<&'static str> {
    let report = check_invariants(store).unwrap();
    report.violations().map(|(check, _)| check).collect()
}

#[test]
fn an_honest_ledger_has_no_violations() {
    let report = check_invariants(&bank()).unwrap();
    assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
    let totals = report.totals.iter();
    let euros = totals.filter(|total| total.name.contains("EUR"));
    let amounts: Vec<_> = euros.map(|total| total.value.as_str()).collect();
    assert_eq!(amounts, ["10.05", "-10.05"]);
    let mut checks = report.checks.iter();
    assert!(checks.all(|check| check.examined > 0), "{report:?}");
}

/// Other values for a column. At least one of them passes the table's checks.
const CHANGES: [&str; 27] = rows! {
    "{} + 1", "{} - 1", "{} + 1000", "7", "NULL", "'{}'", "'forged'", "'USD'",
    "'posted'", "'declined'", "'cancelled'", "'voided'", "'pending'",
    "'debit'", "'credit'", "'both'", "'frozen'", "'unfrozen'",
    "'deposit'", "'withdrawal'", "'hold'", "'reversal'", "'savings'", "'internal'",
    "zeroblob(16)", "zeroblob(32)", "randomblob(length({}))",
};

/// The tables whose rows are all needed, and no others.
const TABLES: [&str; 10] = rows! {
    "transfer", "entry", "balance", "open_hold", "decline_count", "journal_head",
    "batch", "batch_head", "audit_log", "audit_head",
};

#[test]
fn every_changed_field_is_found() {
    let store = open_bank();
    for table in TABLES.into_iter().chain(["account"]) {
        let columns = format!("SELECT name FROM pragma_table_info('{table}')");
        let rows = rows_of(&store, &format!("SELECT rowid FROM {table}"));
        assert!(!rows.is_empty(), "{table}");
        for column in rows_of(&store, &columns) {
            let column = column.text(0).unwrap();
            if column == "singleton" {
                continue;
            }
            for rowid in &rows {
                let rowid = rowid.integer(0).unwrap();
                let changes = changes_are_found(&store, table, &column, rowid);
                assert!(changes > 0, "nothing changes {table}.{column} {rowid}");
            }
        }
    }
}

/// Tries every change of one field; returns how many SQLite accepts.
fn changes_are_found(store: &SqliteStore, table: &str, column: &str, rowid: i64) -> usize {
    let mut passed = 0;
    let field = format!("SELECT {column} FROM {table} WHERE rowid = {rowid}");
    let before = rows_of(store, &field);
    for change in CHANGES {
        let value = change.replace("{}", column);
        let update = format!("UPDATE {table} SET {column} = {value} WHERE rowid = {rowid}");
        let found = tampered(store, &update, |_| {
            (rows_of(store, &field) != before).then(|| is_broken(store))
        });
        if let Some(Some(found)) = found {
            passed += 1;
            assert!(found, "not found: {update}");
        }
    }
    passed
}

#[test]
fn every_lost_or_added_row_is_found() {
    let store = open_bank();
    for table in TABLES {
        // A declined row moves no balance: only the head of the chain protects the last one.
        for order in ["ASC", "DESC"] {
            let delete = format!(
                "DELETE FROM {table} WHERE rowid = (SELECT rowid FROM {table} ORDER BY rowid {order} LIMIT 1)"
            );
            let found = tampered(&store, &delete, |_| is_broken(&store));
            assert_eq!(found, Some(true), "{delete}");
        }
    }
    for insert in [
        "INSERT INTO decline_count (code, count) VALUES ('forged', 1)",
        "INSERT INTO entry SELECT sequence + 100, 4, account_key, account_sequence + 9, direction, amount_minor, 0 FROM entry LIMIT 1",
        "INSERT INTO balance (account_key) VALUES (2)  ON CONFLICT DO UPDATE SET credits_pending = 5",
        "INSERT INTO audit_log SELECT sequence + 100, at_ms, actor, actor_role, on_behalf_of, action, target, \
         old_value, new_value, request_id, hash FROM audit_log LIMIT 1",
        "INSERT INTO batch SELECT sequence + 1, randomblob(16), fingerprint, actor_kind, actor_id, on_behalf_of_id, atomic, lines, \
         refusals, requested_at_ms, recorded_at_ms, hash FROM batch ORDER BY sequence DESC LIMIT 1",
    ] {
        let found = tampered(&store, insert, |_| is_broken(&store));
        assert_eq!(found, Some(true), "{insert}");
    }
}

#[test]
fn money_from_nowhere_with_its_own_entry_and_a_code_of_two_accounts_are_found() {
    let store = open_bank();
    kit::open_internal(&store, &ManualClock::at(START_MS), "revenue", "EUR");
    for (first, second, found_min, check) in rows! {
        (
            "UPDATE balance SET credits_posted = credits_posted + 500 WHERE account_key = 1",
            "UPDATE entry SET amount_minor = amount_minor + 500,
                balance_after_minor = balance_after_minor + 500
             WHERE account_key = 1 AND direction = 'credit'",
            3, "",
        ),
        (
            "DROP INDEX account_by_code", "UPDATE account SET code = 'fees' WHERE code = 'revenue'",
            1, "the code",
        ),
    } {
        let broken = tampered(&store, first, |transaction| {
            transaction.execute(second, &[]).unwrap();
            broken(&store)
        });
        let broken = broken.unwrap();
        assert!(broken.len() >= found_min, "{broken:?}");
        let is_it = |found: &&str| found.starts_with(check);
        assert!(broken.iter().any(is_it), "{broken:?}");
    }
}

/// Computes the hashes of all batches again, as a thief who knows how.
fn rehash_batches(transaction: &SqliteTransaction) {
    let mut hash = GENESIS;
    let sql = format!("SELECT {BATCH_COLUMNS} FROM batch ORDER BY sequence");
    for row in transaction.query(&sql, &[]).unwrap() {
        let batch = BatchRow::from_row(&row).unwrap();
        hash = batch.hash(&hash);
        let params = [Value::from(hash.as_slice()), Value::from(batch.sequence)];
        let update = "UPDATE batch SET hash = ?1 WHERE sequence = ?2";
        transaction.execute(update, &params).unwrap();
        let update = "UPDATE batch_head SET hash = ?1, sequence = ?2";
        transaction.execute(update, &params).unwrap();
    }
}

#[test]
fn a_batch_that_is_not_its_lines_is_found_even_with_its_own_hash() {
    let store = open_bank();
    let refusals = r#"'[{"index":0,"code":"a","pointer":"","detail":"b"}]'"#;
    let forged = format!("refusals = {refusals}");
    let changes = rows! {
        (3, "id = randomblob(16)"), (3, "fingerprint = randomblob(32)"), (3, "actor_kind = 'bank'"),
        (3, "actor_id = zeroblob(16)"), (3, "on_behalf_of_id = zeroblob(16)"),
        (3, "requested_at_ms = requested_at_ms + 1"), (3, "recorded_at_ms = recorded_at_ms + 1"),
        (1, "lines = lines + 1"), (1, "lines = lines - 1"), (2, "lines = lines - 1"),
        (1, "refusals = '[]'"), (1, "refusals = 'none'"), (1, "atomic = 1"),
        (3, forged.as_str()),
    };
    let changes = changes.map(|(at, set)| format!("UPDATE batch SET {set} WHERE sequence = {at}"));
    let without_a_row = format!(
        "INSERT INTO batch SELECT sequence + 1, zeroblob(16), fingerprint, actor_kind, actor_id, \
         on_behalf_of_id, 0, 1, {refusals}, requested_at_ms, recorded_at_ms, hash \
         FROM batch ORDER BY sequence DESC LIMIT 1"
    );
    for change in changes.into_iter().chain([without_a_row]) {
        let broken = tampered(&store, &change, |transaction| {
            rehash_batches(transaction);
            broken(&store)
        });
        let broken = broken.unwrap();
        assert!(!broken.is_empty(), "not found: {change}");
        let is_of_lines = |check: &&str| check.starts_with("every line of a batch");
        assert!(broken.iter().all(is_of_lines), "{change}: {broken:?}");
    }
}
