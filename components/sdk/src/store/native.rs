//! The store on SQLite itself, for native tests and for the bench's native twin.

use super::{Reader, Row, Rows, Store, StoreError, Transaction, Value};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};
use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;

/// The cache of [`SqliteStore::open_without_sync`], in KiB: 2 GiB.
const FILLING_CACHE_KIB: i64 = 2 << 20;
/// The connection keeps so many prepared statements.
const STATEMENTS_KEPT: usize = 64;

/// One SQLite database with one connection, for one thread.
///
/// ```
/// use strongroom_sdk::store::{
///     Migration, Reader, SqliteStore, Store, StoreError, Transaction, migrate,
/// };
///
/// const MIGRATIONS: &[Migration] = &[Migration {
///     number: 1,
///     name: "notes",
///     statements: &["CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"],
/// }];
///
/// let store = SqliteStore::in_memory()?;
/// migrate(&store, MIGRATIONS)?;
/// let transaction = store.begin()?;
/// transaction.change("INSERT INTO note (text) VALUES (?1)", vec!["hello".into()], 1)?;
/// transaction.commit()?;
/// let rows = store.query("SELECT text FROM note", &[])?;
/// assert_eq!(rows.first_or("a note")?.text(0)?, "hello");
/// # Ok::<(), StoreError>(())
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    connection: Rc<RefCell<Connection>>,
}

impl SqliteStore {
    /// A store in memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::new(Connection::open_in_memory()?)
    }

    /// A store in a file, with the same settings as the host's.
    pub fn open(path: &std::path::Path) -> Result<Self, StoreError> {
        Self::new(Connection::open(path)?)
    }

    /// A store in a file that may be lost in a power cut: it does not wait for the disk, and keeps
    /// the pages of a large transaction in memory. It fills a large database quickly.
    pub fn open_without_sync(path: &std::path::Path) -> Result<Self, StoreError> {
        let store = Self::open(path)?;
        {
            let connection = store.connection.borrow();
            connection.pragma_update(None, "synchronous", "OFF")?;
            connection.pragma_update(None, "cache_size", -FILLING_CACHE_KIB)?;
        }
        Ok(store)
    }

    fn new(connection: Connection) -> Result<Self, StoreError> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // Plans must not depend on bound values: SQLite would compile every join again at each
        // call, which costs more than running it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(Self {
            connection: Rc::new(RefCell::new(connection)),
        })
    }
}

impl Reader for SqliteStore {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        query(&self.connection.borrow(), sql, params)
    }
}

impl Store for SqliteStore {
    type Transaction = SqliteTransaction;

    fn begin(&self) -> Result<Self::Transaction, StoreError> {
        self.connection.borrow().execute_batch("BEGIN IMMEDIATE")?;
        Ok(SqliteTransaction {
            connection: Rc::clone(&self.connection),
            open: Cell::new(true),
        })
    }
}

/// Drops the triggers of a store, and turns its checks off: a test then changes the store as
/// somebody with the file can.
pub fn drop_guards(store: &impl Store) -> Result<(), StoreError> {
    store.query("PRAGMA ignore_check_constraints = ON", &[])?;
    let transaction = store.begin()?;
    let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
    for trigger in transaction.query(triggers, &[])? {
        transaction.execute(&format!("DROP TRIGGER {}", trigger.text(0)?), &[])?;
    }
    transaction.commit()
}

/// A write transaction of a [`SqliteStore`].
pub struct SqliteTransaction {
    connection: Rc<RefCell<Connection>>,
    open: Cell<bool>,
}

impl SqliteTransaction {
    /// The connection, or an error after a failed change.
    fn connection(&self) -> Result<Ref<'_, Connection>, StoreError> {
        if self.open.get() {
            Ok(self.connection.borrow())
        } else {
            Err(StoreError::after_failed_change())
        }
    }

    fn roll_back(&self) {
        if self.open.replace(false) {
            // If this fails, SQLite has already rolled back.
            let _ = self.connection.borrow().execute_batch("ROLLBACK");
        }
    }
}

impl Reader for SqliteTransaction {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        query(&*self.connection()?, sql, params)
    }
}

impl Transaction for SqliteTransaction {
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let changed = self
            .connection()?
            .prepare_cached(sql)?
            .execute(rusqlite::params_from_iter(params))?;
        Ok(changed as u64)
    }

    fn change(&self, sql: &str, params: Vec<Value>, rows: u64) -> Result<(), StoreError> {
        let done = self
            .execute(sql, &params)
            .and_then(|changed| StoreError::unless_rows(sql, changed, rows));
        if done.is_err() {
            self.roll_back();
        }
        done
    }

    fn commit(self) -> Result<(), StoreError> {
        self.connection()?.execute_batch("COMMIT")?;
        self.open.set(false);
        Ok(())
    }

    fn commit_later(self) -> Result<(), StoreError> {
        self.commit()
    }
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        self.roll_back();
    }
}

fn query(connection: &Connection, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut found = statement.query(rusqlite::params_from_iter(params))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let values = (0..columns)
            .map(|column| Ok(row.get_ref(column)?.into()))
            .collect::<Result<_, rusqlite::Error>>()?;
        rows.push(Row(values));
    }
    Ok(Rows { rows })
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(value) => Self::Integer(value),
            ValueRef::Real(value) => Self::Text(value.to_string()),
            ValueRef::Text(value) => Self::Text(String::from_utf8_lossy(value).into_owned()),
            ValueRef::Blob(value) => Self::Blob(value.to_vec()),
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Self::Constraint(error.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure) => Self::Io(error.to_string()),
            _ => Self::Invalid(error.to_string()),
        }
    }
}
