//! Goal: `strongroom verify` finds each change of one bit of the books.
//!
//! Method: a bank with rows of every kind is stopped. Again and again its ledger's file is copied,
//! one random bit of one random value in a random ledger table is flipped (past every constraint
//! and trigger, as an attacker with the file in hand would), and the copy is verified by the real
//! binary. All must be found: 100 flips here, and 1,000 in `./build.sh torture ledger`. A failure
//! names its seed, which `STRONGROOM_TEST_SEED` repeats.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, Result, Row};
use strongroom_tests::Bank;
use strongroom_tests::command::verify;
use strongroom_tests::scale::{seeded, short_or_full};
use strongroom_tests::stores::{open_past_constraints, settle};

const TABLES: [&str; 11] = rows! {
    "transfer", "entry", "balance", "open_hold", "decline_count", "journal_head", "batch",
    "batch_head", "account", "audit_log", "audit_head",
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_flipped_bit_in_any_ledger_table_is_found() {
    let mut random = seeded();
    let flips = short_or_full(100, 1_000);
    let mut bank = Bank::start().await;
    bank.pair().await.do_business().await;
    // One of the holds expires.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    bank.host.kill();

    // A copy of the whole folder: each flip is of the honest file.
    let data = bank.data();
    let ledger = data.join("stores/accounts.sqlite");
    settle(&ledger);
    let honest = bank.folder().join("honest.sqlite");
    fs::copy(&ledger, &honest).expect("a copy");
    assert_eq!(verify(bank.folder()).code, Some(0), "it is sound");

    for flip in 0..flips {
        fs::copy(&honest, &ledger).expect("a copy");
        let table = TABLES[flip % TABLES.len()];
        let what = flip_one_bit(&ledger, table, &mut random);
        assert_eq!(verify(bank.folder()).code, Some(1), "not found: {what}");
    }
    println!("{flips} flipped bits found");
    fs::copy(&honest, &ledger).expect("a copy");
    assert_eq!(verify(bank.folder()).code, Some(0), "it is sound again");
}

/// Flips one random bit of one random value of a table, past its triggers; returns where.
fn flip_one_bit(file: &Path, table: &str, random: &mut StdRng) -> String {
    let connection = open_past_constraints(file);
    let of_triggers = "FROM sqlite_schema WHERE type = 'trigger'";
    let drops = format!("SELECT 'DROP TRIGGER ' || name {of_triggers}");
    let triggers = strings(&connection, &format!("SELECT sql {of_triggers}"));
    for drop in strings(&connection, &drops) {
        connection.execute_batch(&drop).expect("no trigger");
    }
    let flipped = flip_one_bit_of(&connection, table, random);
    // A missing trigger would be found too.
    for trigger in triggers {
        connection.execute_batch(&trigger).expect("the trigger");
    }
    flipped
}

fn flip_one_bit_of(connection: &Connection, table: &str, random: &mut StdRng) -> String {
    let columns =
        format!("SELECT name FROM pragma_table_info('{table}') WHERE name <> 'singleton'");
    let columns = strings(connection, &columns);
    loop {
        let column = columns.choose(random).expect("a table has columns");
        let values = format!("SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL");
        let values: Vec<(i64, Cell)> =
            rows(connection, &values, |row| Ok((row.get(0)?, row.get(1)?)));
        let Some((rowid, value)) = values.choose(random) else {
            continue;
        };
        let Some(flipped) = flip(value, random) else {
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
    rows(connection, sql, |row| row.get(0))
}

fn rows<T>(connection: &Connection, sql: &str, read: fn(&Row<'_>) -> Result<T>) -> Vec<T> {
    let mut statement = connection.prepare(sql).expect("a statement");
    let rows = statement.query_map([], read).expect("rows");
    rows.collect::<Result<_>>().expect("values")
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
