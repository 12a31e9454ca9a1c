//! A store of one table, and what its tests do with it.

use super::super::ServiceStore;
use super::super::bindings::{Error, Rows, Value};
use super::super::transaction::WriteTransaction;
use super::super::writer::StoreWriter;
use crate::wall_clock::SetClocks;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub const BYTES_MAX: u64 = 64 << 20;
/// How long a write transaction may take.
pub const WRITE_TIME: Duration = Duration::from_millis(500);
/// How long a read may take.
pub const READ_TIME: Duration = Duration::from_millis(300);

/// A query that never ends by itself.
pub const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
pub const INSERT_ENDLESSLY: &str = "WITH RECURSIVE n(i) AS \
    (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO t (id) SELECT i FROM n";
/// Changes rows, and returns one more than a result may have.
pub const INSERT_TOO_MANY: &str = "WITH RECURSIVE n(i) AS \
    (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10001) \
    INSERT INTO t (id) SELECT i FROM n RETURNING id";

pub struct TestStore {
    pub store: ServiceStore,
    pub folder: TempDir,
    pub clocks: SetClocks,
}

pub fn open(folder: &TempDir, clocks: &SetClocks, bytes_max: u64) -> ServiceStore {
    let clock = Arc::new(clocks.wall_clock(folder.path()));
    ServiceStore::open(&folder.path().join("s.sqlite"), bytes_max, clock).unwrap()
}

impl TestStore {
    pub async fn new() -> Self {
        Self::with(BYTES_MAX).await
    }

    pub async fn with(bytes_max: u64) -> Self {
        Self::within(tempfile::tempdir().unwrap(), bytes_max).await
    }

    pub async fn within(folder: TempDir, bytes_max: u64) -> Self {
        let clocks = SetClocks::default();
        let test = Self {
            store: open(&folder, &clocks, bytes_max),
            folder,
            clocks,
        };
        let create = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE) STRICT";
        test.write(create).await.unwrap();
        test
    }

    pub fn writer(&self) -> &StoreWriter {
        self.store.writer().unwrap()
    }

    pub async fn begin(&self) -> WriteTransaction {
        let begun = self.writer().begin(WRITE_TIME, Arc::default()).await;
        begun.unwrap()
    }

    /// Begins a transaction, and inserts a row.
    pub async fn begin_insert(&self, id: i64) -> WriteTransaction {
        let transaction = self.begin().await;
        let insert = "INSERT INTO t (id) VALUES (?1)";
        transaction.execute(insert, &[Value::Integer(id)]).unwrap();
        transaction
    }

    /// Runs a statement in a transaction of its own.
    pub async fn write(&self, sql: &str) -> Result<u64, Error> {
        let transaction = self.writer().begin(WRITE_TIME, Arc::default()).await?;
        let changed = transaction.execute(sql, &[])?;
        transaction.commit().await?;
        Ok(changed)
    }

    pub async fn insert(&self, id: i64) {
        self.begin_insert(id).await.commit().await.unwrap();
    }

    pub async fn read(&self, sql: &str) -> Result<Rows, Error> {
        self.store
            .query(READ_TIME, sql.to_owned(), Vec::new())
            .await
    }

    /// The ids of the table, sorted.
    pub async fn ids(&self) -> Vec<i64> {
        ids(&self.read("SELECT id FROM t ORDER BY id").await.unwrap())
    }

    pub async fn count(&self) -> i64 {
        ids(&self.read("SELECT count(*) FROM t").await.unwrap())[0]
    }
}

/// The first column of a result.
pub fn ids(rows: &Rows) -> Vec<i64> {
    let id = |row: &Vec<Value>| match row[0] {
        Value::Integer(id) => id,
        ref other => panic!("{other:?}"),
    };
    rows.iter().map(id).collect()
}

/// Whether both errors are the same case, whatever their texts are.
pub fn is_same(one: &Error, other: &Error) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}
