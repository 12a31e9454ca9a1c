//! Columns that several tables have alike.

use strongroom_ledger_api::{Actor, ActorKind};
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::store::{Row, StoreError};

/// Reads kind and id from two columns.
pub fn actor(row: &Row, column: usize) -> Result<Actor, StoreError> {
    Ok(Actor {
        kind: ActorKind::from_row(row, column)?,
        id: row.uuid(column + 1)?,
    })
}

/// Reads minor units and a currency from two columns.
pub fn amount(row: &Row, column: usize) -> Result<Money, StoreError> {
    money(row.integer(column)?, &row.text(column + 1)?)
}

/// An amount of stored minor units and a stored code.
///
/// # Errors
/// [`StoreError::Row`] for an unknown code.
pub fn money(minor: i64, code: &str) -> Result<Money, StoreError> {
    Ok(Money::from_minor(minor, currency(code)?))
}

pub fn currency(code: &str) -> Result<Currency, StoreError> {
    Currency::from_code(code).map_err(|error| StoreError::Row(format!("{code:?} {error}")))
}
