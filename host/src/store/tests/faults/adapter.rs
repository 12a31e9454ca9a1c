//! The sdk's trait over the host's own store, with the calls of a component.

use crate::store::ServiceStore;
use crate::store::bindings::{Change as HostChange, Error, Rows as HostRows, Value as HostValue};
use crate::store::transaction::WriteTransaction;
use crate::wall_clock::SetClocks;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use strongroom_sdk::store::{
    Change, DeferredTransaction, HostTransaction, Reader, Row, Rows, SqlHost, Store, StoreError,
    Transaction, Value,
};
use tokio::runtime::Runtime;

/// How long a transaction or a read may take: only a fault must make a call fail.
const TIME_MAX: Duration = Duration::from_secs(60);
const BYTES_MAX: u64 = 1 << 30;

/// The store of the account service, for any thread.
#[derive(Clone)]
pub struct GuestStore {
    store: ServiceStore,
    runtime: Arc<Runtime>,
}

impl GuestStore {
    pub fn open(file: &Path, runtime: &Arc<Runtime>) -> rusqlite::Result<Self> {
        let _within = runtime.enter();
        let clock = SetClocks::default().wall_clock(file.parent().unwrap());
        Ok(Self {
            store: ServiceStore::open(file, BYTES_MAX, Arc::new(clock))?,
            runtime: Arc::clone(runtime),
        })
    }

    /// Closes the store as a drained host does.
    pub fn close(self) {
        self.runtime.block_on(self.store.close());
    }
}

impl Reader for GuestStore {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        let rows = self.store.query(TIME_MAX, sql.to_owned(), to_host(params));
        self.runtime.block_on(rows).map(from_host).map_err(to_guest)
    }
}

impl Store for GuestStore {
    type Transaction = DeferredTransaction<Self>;

    fn begin(&self) -> Result<Self::Transaction, StoreError> {
        Ok(DeferredTransaction::new(self.clone()))
    }
}

impl SqlHost for GuestStore {
    type Begun = GuestTransaction;

    fn begin_transaction(&self) -> Result<GuestTransaction, StoreError> {
        let writer = self.store.writer().expect("the store is open to write");
        let begun = writer.begin(TIME_MAX, Arc::default());
        Ok(GuestTransaction {
            transaction: self.runtime.block_on(begun).map_err(to_guest)?,
            runtime: Arc::clone(&self.runtime),
        })
    }

    fn begin_query(
        &self,
        sql: &str,
        params: &[Value],
    ) -> Result<(GuestTransaction, Rows), StoreError> {
        let transaction = self.begin_transaction()?;
        let rows = transaction.query(sql, params)?;
        Ok((transaction, rows))
    }
}

pub struct GuestTransaction {
    transaction: WriteTransaction,
    runtime: Arc<Runtime>,
}

impl Reader for GuestTransaction {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        let rows = self.transaction.query(sql, &to_host(params));
        rows.map(from_host).map_err(to_guest)
    }
}

impl Transaction for GuestTransaction {
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let changed = self.transaction.execute(sql, &to_host(params));
        changed.map_err(to_guest)
    }

    fn commit(self) -> Result<(), StoreError> {
        let committed = self.runtime.block_on(self.transaction.commit());
        committed.map_err(to_guest)
    }

    fn commit_later(self) -> Result<(), StoreError> {
        self.transaction.commit_later().map_err(to_guest)
    }
}

impl HostTransaction for GuestTransaction {
    fn commit_with(self, changes: Vec<Change>) -> Result<(), StoreError> {
        let change = |Change { sql, params, rows }| {
            let params = to_host(&params);
            HostChange { sql, params, rows }
        };
        let changes: Vec<_> = changes.into_iter().map(change).collect();
        let committed = async {
            self.transaction.change_all(&changes).await?;
            self.transaction.commit().await
        };
        self.runtime.block_on(committed).map_err(to_guest)
    }
}

fn to_host(params: &[Value]) -> Vec<HostValue> {
    let value = |value: &Value| match value {
        Value::Null => HostValue::Null,
        Value::Integer(value) => HostValue::Integer(*value),
        Value::Text(value) => HostValue::Text(value.clone()),
        Value::Blob(value) => HostValue::Blob(value.clone()),
    };
    params.iter().map(value).collect()
}

fn from_host(rows: HostRows) -> Rows {
    let value = |value| match value {
        HostValue::Null => Value::Null,
        HostValue::Integer(value) => Value::Integer(value),
        HostValue::Real(value) => Value::Text(value.to_string()),
        HostValue::Text(value) => Value::Text(value),
        HostValue::Blob(value) => Value::Blob(value),
    };
    let row = |row: Vec<HostValue>| Row(row.into_iter().map(value).collect());
    Rows {
        rows: rows.into_iter().map(row).collect(),
    }
}

fn to_guest(error: Error) -> StoreError {
    match error {
        Error::Constraint(text) => StoreError::Constraint(text),
        Error::Invalid(text) => StoreError::Invalid(text),
        Error::Denied(text) => StoreError::Denied(text),
        Error::TooLarge(text) => StoreError::TooLarge(text),
        Error::TimedOut => StoreError::TimedOut,
        Error::Busy => StoreError::Busy,
        Error::Clock => StoreError::Clock,
        Error::Aborted(text) => StoreError::Aborted(text),
        Error::UnexpectedRows(text) => StoreError::UnexpectedRows(text),
        Error::Full => StoreError::Full,
        Error::Io(text) => StoreError::Io(text),
    }
}
