//! Goal: whoever changes one bit of the books behind the bank's back is found by `strongroom verify`.
//!
//! Method: a bank with rows of every kind is stopped. Again and again its ledger's file is copied, one random bit of one random value in
//! a random ledger table is flipped (past every constraint and trigger, as somebody with the file in hand would), and the copy is
//! verified by the real binary. All must be found: 100 flips here, and 1,000 in `./build.sh torture ledger`.
//! A failure names its seed, which `STRONGROOM_TEST_SEED` repeats.

use std::fs;
use std::path::Path;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use strongroom_tests::bank::text;
use strongroom_tests::command::verify;
use strongroom_tests::scale::{seeded, short_or_full};
use strongroom_tests::{Bank, json};

const TABLES: [&str; 10] = [
    "transfer",
    "entry",
    "balance",
    "open_hold",
    "journal_head",
    "batch",
    "batch_head",
    "account",
    "audit_log",
    "audit_head",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_flipped_bit_in_any_ledger_table_is_found() {
    let mut random = seeded();
    let flips = short_or_full(100, 1_000);
    let mut bank = Bank::start().await;
    do_business(&bank).await;
    bank.host.kill();

    // A copy of the whole folder: each flip is of the honest file.
    let data = bank.data();
    let ledger = data.join("stores/accounts.sqlite");
    settle(&ledger);
    let honest = bank.folder().join("honest.sqlite");
    fs::copy(&ledger, &honest).expect("a copy");
    assert_eq!(
        verify(bank.folder()).code,
        Some(0),
        "the honest bank is sound"
    );

    let mut found = 0;
    for flip in 0..flips {
        fs::copy(&honest, &ledger).expect("a copy");
        let table = TABLES[flip % TABLES.len()];
        let what = flip_one_bit(&ledger, table, &mut random);
        assert_eq!(verify(bank.folder()).code, Some(1), "not found: {what}");
        found += 1;
    }
    println!("{found} of {flips} flipped bits found");
    fs::copy(&honest, &ledger).expect("a copy");
    assert_eq!(
        verify(bank.folder()).code,
        Some(0),
        "the honest bank is sound again"
    );
}

/// Rows of every kind: deposits, transfers, declines, holds with every end and without one, batches with a refusal and without one, a
/// reversal, a freeze, and a limit.
async fn do_business(bank: &Bank) {
    let (admin, pair) = (bank.admin().await, bank.pair().await);
    let alice = &pair.alice;
    let sent = pair.send("30.00").await;
    let declined = alice.submit("transfer", &pair.body("3000.00"));
    declined.await.refused(422, "insufficient_funds");
    let hold = async |expires_in: u32| -> String {
        let mut body = pair.body("5.00");
        body["expires_in"] = json!(expires_in);
        body["reference"] = json!("a deposit for a room");
        let held = alice.submit("holds", &body).await.expect(201);
        text(&held["id"]).to_owned()
    };
    let (captured, voided) = (hold(60).await, hold(60).await);
    hold(1).await;
    hold(6_000).await;
    let whole = json!({"transfers": [pair.body("1.00")], "atomic": true});
    let mixed = json!({"transfers": [pair.body("1.00"), pair.body("0.001")], "atomic": false});
    for (call, body) in [
        (
            format!("holds/{captured}/capture"),
            json!({"amount": "4.00"}),
        ),
        (format!("holds/{voided}/void"), json!({})),
        ("batch".to_owned(), whole),
        ("batch".to_owned(), mixed),
    ] {
        alice.submit(&call, &body).await.expect(201);
    }
    let reverse = format!("{}/reverse", text(&sent["id"]));
    let reference = json!({"reference": "sent in error"});
    admin.submit(&reverse, &reference).await.expect(201);
    let limit = json!({"overdraft_limit": "50.00"});
    let account = format!("/api/accounts/{}", pair.from);
    admin.patch(&account).json(&limit).await.expect(200);
    let freeze = admin.post(&format!("/api/accounts/{}/freeze", pair.to));
    freeze.json(&json!({"stops": "debits"})).await.expect(200);
    // The hold of a second expires.
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
}

/// Puts all of a store into its one file.
fn settle(file: &Path) {
    let connection = Connection::open(file).expect("a store");
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("a checkpoint");
}

/// Flips one random bit of one random value of a table; answers where.
fn flip_one_bit(file: &Path, table: &str, random: &mut StdRng) -> String {
    let connection = Connection::open(file).expect("a store");
    connection
        .execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;")
        .expect("the settings");
    for trigger in strings(
        &connection,
        "SELECT name FROM sqlite_schema WHERE type = 'trigger'",
    ) {
        connection
            .execute_batch(&format!("DROP TRIGGER {trigger}"))
            .expect("no trigger");
    }
    let columns = strings(
        &connection,
        &format!("SELECT name FROM pragma_table_info('{table}') WHERE name <> 'singleton'"),
    );
    loop {
        let column = columns.choose(random).expect("a table has columns");
        let Some((rowid, value)) = random_value(&connection, table, column, random) else {
            continue;
        };
        let Some(flipped) = flip(&value, random) else {
            continue;
        };
        let is_text = matches!(value, Cell::Text(_));
        let cast = if is_text { "CAST(?1 AS TEXT)" } else { "?1" };
        let update = format!("UPDATE {table} SET {column} = {cast} WHERE rowid = ?2");
        // A key that is taken cannot be written by SQL: another bit, then.
        if connection.execute(&update, (&flipped, rowid)).is_ok() {
            return format!("{table}.{column} of row {rowid}: {value:?} became {flipped:?}");
        }
    }
}

fn strings(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).expect("a statement");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("strings")
}

/// A value that is not NULL.
fn random_value(
    connection: &Connection,
    table: &str,
    column: &str,
    random: &mut StdRng,
) -> Option<(i64, Cell)> {
    let sql = format!("SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL");
    let mut statement = connection.prepare(&sql).expect("a statement");
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows");
    let rows: Vec<(i64, Cell)> = rows.collect::<Result<_, _>>().expect("values");
    rows.choose(random).cloned()
}

fn flip(value: &Cell, random: &mut StdRng) -> Option<Cell> {
    match value {
        Cell::Integer(integer) => Some(Cell::Integer(integer ^ (1 << random.random_range(0..64)))),
        Cell::Text(text) => flip_bytes(text.as_bytes(), random),
        Cell::Blob(bytes) => flip_bytes(bytes, random),
        Cell::Null | Cell::Real(_) => None,
    }
}

fn flip_bytes(bytes: &[u8], random: &mut StdRng) -> Option<Cell> {
    let mut bytes = bytes.to_vec();
    let place = random.random_range(0..bytes.len().max(1));
    *bytes.get_mut(place)? ^= 1 << random.random_range(0..8);
    Some(Cell::Blob(bytes))
}
