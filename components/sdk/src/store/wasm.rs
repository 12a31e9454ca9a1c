//! The store on the `strongroom:store/sql` import.

use super::deferred::{Change, DeferredTransaction, HostTransaction, SqlHost};
use super::{Reader, Row, Rows, Store, StoreError, Transaction, Value};

mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/store",
        inline: "
            package strongroom:sdk-store;
            world imports { import strongroom:store/sql@0.2.0; }
        ",
        world: "strongroom:sdk-store/imports",
        generate_all,
    });
}

use bindings::strongroom::store::sql;

/// The store that the host gave to this service.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostStore;

impl Reader for HostStore {
    fn query(&self, statement: &str, params: &[Value]) -> Result<Rows, StoreError> {
        Ok(from_host(sql::query(statement, &copied(params))?))
    }
}

impl Store for HostStore {
    type Transaction = DeferredTransaction<Self>;

    fn begin(&self) -> Result<Self::Transaction, StoreError> {
        Ok(DeferredTransaction::new(*self))
    }
}

impl SqlHost for HostStore {
    type Begun = sql::Transaction;

    fn begin_transaction(&self) -> Result<Self::Begun, StoreError> {
        Ok(sql::Transaction::begin()?)
    }

    fn begin_query(
        &self,
        statement: &str,
        params: &[Value],
    ) -> Result<(Self::Begun, Rows), StoreError> {
        let (turn, rows) = sql::Transaction::begin_query(statement, &copied(params))?;
        Ok((turn, from_host(rows)))
    }
}

impl Reader for sql::Transaction {
    fn query(&self, statement: &str, params: &[Value]) -> Result<Rows, StoreError> {
        Ok(from_host(Self::query(self, statement, &copied(params))?))
    }
}

impl Transaction for sql::Transaction {
    fn execute(&self, statement: &str, params: &[Value]) -> Result<u64, StoreError> {
        Ok(Self::execute(self, statement, &copied(params))?)
    }

    fn commit(self) -> Result<(), StoreError> {
        Ok(Self::commit(self)?)
    }

    fn commit_later(self) -> Result<(), StoreError> {
        Ok(Self::commit_later(self)?)
    }
}

impl HostTransaction for sql::Transaction {
    fn commit_with(self, changes: Vec<Change>) -> Result<(), StoreError> {
        let changes: Vec<_> = changes.into_iter().map(sql::Change::from).collect();
        Ok(Self::commit_with(self, &changes)?)
    }
}

impl From<Change> for sql::Change {
    fn from(Change { sql, params, rows }: Change) -> Self {
        let params = params.into_iter().map(sql::Value::from).collect();
        Self { sql, params, rows }
    }
}

impl From<Value> for sql::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(value) => Self::Integer(value),
            Value::Text(value) => Self::Text(value),
            Value::Blob(value) => Self::Blob(value),
        }
    }
}

fn copied(params: &[Value]) -> Vec<sql::Value> {
    params.iter().cloned().map(sql::Value::from).collect()
}

fn from_host(rows: sql::Rows) -> Rows {
    let row = |values: Vec<sql::Value>| Row(values.into_iter().map(Value::from).collect());
    Rows {
        rows: rows.into_iter().map(row).collect(),
    }
}

impl From<sql::Value> for Value {
    /// A `REAL` becomes text. No column of the bank has that type, so a reader fails with it.
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
            sql::Error::Clock => Self::Clock,
            sql::Error::Aborted(text) => Self::Aborted(text),
            sql::Error::UnexpectedRows(text) => Self::UnexpectedRows(text),
            sql::Error::Full => Self::Full,
            sql::Error::Io(text) => Self::Io(text),
        }
    }
}
