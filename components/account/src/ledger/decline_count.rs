//! How many declines the journal has, by their code. Operators ask several times in a minute, and
//! to count the rows each time would take too long.

use std::collections::BTreeMap;
use strongroom_ledger_api::Decline;
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};

const ADD: &str = "\
INSERT INTO decline_count (code, count) VALUES (?1, ?2)
ON CONFLICT (code) DO UPDATE SET count = count + excluded.count";

const ALL: &str = "SELECT code, count FROM decline_count ORDER BY code";

/// Numbers of declines by their code.
pub type DeclineCounts = BTreeMap<String, i64>;

/// Counts more declines.
pub fn add(
    transaction: &impl Transaction,
    declines: impl Iterator<Item = Decline>,
) -> Result<(), StoreError> {
    let mut counts = BTreeMap::new();
    for code in declines.map(Decline::as_str) {
        *counts.entry(code).or_insert(0_i64) += 1;
    }
    for (code, count) in counts {
        transaction.change(ADD, vec![Value::from(code), Value::from(count)], 1)?;
    }
    Ok(())
}

/// The numbers as they are stored.
pub fn decline_counts(store: &impl Store) -> Result<DeclineCounts, StoreError> {
    let counts = store.query(ALL, &[])?.by_word()?;
    Ok(counts.into_iter().collect())
}
