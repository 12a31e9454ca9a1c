//! The store trait on the `strongroom:store/sql` import.

use super::{Row, Rows, Store, StoreError, Transaction, Value};

mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/store",
        inline: "package strongroom:sdk-store; world imports { import strongroom:store/sql@0.1.0; }",
        world: "strongroom:sdk-store/imports",
        generate_all,
    });
}

use bindings::strongroom::store::sql;

/// The store that the host gave to this service.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostStore;

impl Store for HostStore {
    type Transaction = sql::Transaction;

    fn query(&self, statement: &str, params: &[Value]) -> Result<Rows, StoreError> {
        Ok(sql::query(statement, &to_wit(params))?.into())
    }

    fn begin(&self) -> Result<Self::Transaction, StoreError> {
        Ok(sql::Transaction::begin()?)
    }
}

impl Transaction for sql::Transaction {
    fn execute(&self, statement: &str, params: &[Value]) -> Result<u64, StoreError> {
        Ok(sql::Transaction::execute(self, statement, &to_wit(params))?)
    }

    fn query(&self, statement: &str, params: &[Value]) -> Result<Rows, StoreError> {
        Ok(sql::Transaction::query(self, statement, &to_wit(params))?.into())
    }

    fn commit(self) -> Result<(), StoreError> {
        Ok(sql::Transaction::commit(self)?)
    }

    fn commit_later(self) -> Result<(), StoreError> {
        Ok(sql::Transaction::commit_later(self)?)
    }
}

fn to_wit(params: &[Value]) -> Vec<sql::Value> {
    params
        .iter()
        .map(|value| match value {
            Value::Null => sql::Value::Null,
            Value::Integer(value) => sql::Value::Integer(*value),
            Value::Text(value) => sql::Value::Text(value.clone()),
            Value::Blob(value) => sql::Value::Blob(value.clone()),
        })
        .collect()
}

impl From<sql::Rows> for Rows {
    fn from(rows: sql::Rows) -> Self {
        let rows = rows
            .rows
            .into_iter()
            .map(|row| Row(row.into_iter().map(Value::from).collect()))
            .collect();
        Self { rows }
    }
}

impl From<sql::Value> for Value {
    /// A `REAL` becomes text: no column of the bank has that type, and a reader then says so.
    fn from(value: sql::Value) -> Self {
        match value {
            sql::Value::Null => Self::Null,
            sql::Value::Integer(value) => Self::Integer(value),
            sql::Value::Real(value) => Self::Text(value.to_string()),
            sql::Value::Text(value) => Self::Text(value),
            sql::Value::Blob(value) => Self::Blob(value),
        }
    }
}

impl From<sql::Error> for StoreError {
    fn from(error: sql::Error) -> Self {
        match error {
            sql::Error::Constraint(text) => Self::Constraint(text),
            sql::Error::Invalid(text) => Self::Invalid(text),
            sql::Error::Denied(text) => Self::Denied(text),
            sql::Error::TooLarge(text) => Self::TooLarge(text),
            sql::Error::TimedOut => Self::TimedOut,
            sql::Error::Busy => Self::Busy,
            sql::Error::Aborted(text) => Self::Aborted(text),
            sql::Error::Full => Self::Full,
            sql::Error::Io(text) => Self::Io(text),
        }
    }
}
