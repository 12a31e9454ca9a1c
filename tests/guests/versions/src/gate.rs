//! Gates in the store: closed until a request to any version opens them.

use std::thread::sleep;
use std::time::Duration;

wit_bindgen::generate!({
    path: "../../../wit/store",
    inline: "
        package tests:gates;
        world gates {
            import strongroom:store/sql@0.2.0;
        }
    ",
    world: "tests:gates/gates",
    generate_all,
});

use strongroom::store::sql::{Transaction, Value, query};

/// The time between two looks at a closed gate.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// Waits until the gate is open. The host ends a request that waits too long. The printed line says
/// to a test that the wait has begun.
pub fn wait(name: &str) {
    println!("waits at the gate {name}");
    while !is_open(name) {
        sleep(LOOK_INTERVAL);
    }
}

fn is_open(name: &str) -> bool {
    let select = "SELECT 1 FROM gates WHERE name = ?1";
    let found = query(select, &[Value::Text(name.to_owned())]);
    // Before the first gate is opened there is no table.
    found.is_ok_and(|rows| !rows.is_empty())
}

/// Opens the gate for good.
///
/// # Panics
///
/// If the store refuses.
pub fn open(name: &str) {
    let transaction = Transaction::begin().expect("the store begins a transaction");
    let create = "CREATE TABLE IF NOT EXISTS gates (name TEXT)";
    let created = transaction.execute(create, &[]);
    created.expect("a table can be made");
    let insert = "INSERT INTO gates VALUES (?1)";
    let inserted = transaction.execute(insert, &[Value::Text(name.to_owned())]);
    inserted.expect("a row can be written");
    Transaction::commit(transaction).expect("the transaction is durable");
}
