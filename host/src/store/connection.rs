//! Opens connections with the settings that durability and the limits of a guest need.

use super::authorizer::HostPass;
use super::budget::Budget;
use super::failed_sync::end_on_failed_sync;
use super::faults;
use super::sql_functions;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{CachedStatement, Connection, OpenFlags, Statement};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;

/// The page size, in bytes: SQLite's default, and what the disk writes at once.
pub(super) const PAGE_BYTES: u64 = 4096;
/// How many prepared statements a connection keeps: more than any of our services has.
const STATEMENTS_CACHED: usize = 128;
/// Memory for pages of the connection that writes, in KiB. It reads a page that is not in memory
/// while all other writers wait.
const WRITER_CACHE_KIB: i64 = 64 * 1024;
/// Memory for pages of a connection that reads, in KiB. The next commit makes its pages invalid, so
/// more would not help.
const READER_CACHE_KIB: i64 = 8 * 1024;
/// The size to which SQLite truncates the write-ahead log when it starts over, in bytes. A log
/// under load grows to somewhat less (see `checkpoint`): a sync takes longer where the file has
/// grown.
const WAL_BYTES_KEPT: i64 = 20 << 20;
/// The longest statement, in bytes.
const SQL_BYTES_MAX: i32 = 64 * 1024;
/// The largest text, blob, or row, in bytes. Nothing can stop a statement before it has made a
/// whole row of such values.
pub(super) const VALUE_BYTES_MAX: usize = 512 << 10;
/// The most steps of a compiled statement: enough for queries, and too few for a program.
const STATEMENT_OPS_MAX: i32 = 25_000;
/// The most columns of a table or a result.
const COLUMNS_MAX: i32 = 100;
/// The longest pattern of LIKE and GLOB, in bytes: each wildcard multiplies the time of a match.
const PATTERN_BYTES_MAX: i32 = 100;
/// The most parameters of a statement.
const PARAMETERS_MAX: i32 = 1_000;
/// How deep an expression may be, with the queries around it, and how deep triggers. SQLite
/// compiles them by recursion, on the stack of the guest that calls: an overflow ends the process.
/// The feed of a customer has 250 of these levels.
const EXPRESSION_DEPTH_MAX: i32 = 400;
const TRIGGER_DEPTH_MAX: i32 = 16;
/// The most parts of a UNION and its kind.
const COMPOUND_PARTS_MAX: i32 = 50;
/// A longer statement is compiled each time, in bytes: what is compiled of it takes much memory.
const CACHED_SQL_BYTES_MAX: usize = 8 << 10;

/// The host's statements around each transaction of a guest.
const COMPILED_ONCE: [&str; 4] = [BEGIN, SAVEPOINT, RELEASE, COMMIT];
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
pub(super) const SAVEPOINT: &str = "SAVEPOINT guest";
pub(super) const RELEASE: &str = "RELEASE guest";
pub(super) const COMMIT: &str = "COMMIT";

/// A compiled statement.
pub(super) enum PreparedStatement<'c> {
    /// It stays compiled when it is dropped.
    Cached(CachedStatement<'c>),
    Once(Statement<'c>),
}

impl<'c> Deref for PreparedStatement<'c> {
    type Target = Statement<'c>;

    fn deref(&self) -> &Statement<'c> {
        match self {
            Self::Cached(statement) => statement,
            Self::Once(statement) => statement,
        }
    }
}

impl<'c> DerefMut for PreparedStatement<'c> {
    fn deref_mut(&mut self) -> &mut Statement<'c> {
        match self {
            Self::Cached(statement) => statement,
            Self::Once(statement) => statement,
        }
    }
}

/// A connection for a guest's statements.
pub(super) struct GuestConnection {
    pub(super) sqlite: Connection,
    pub(super) budget: Arc<Budget>,
    pub(super) host: HostPass,
}

impl GuestConnection {
    /// Opens the connection that writes; the database may grow to `bytes_max`.
    pub(super) fn writer(file: &Path, bytes_max: u64) -> rusqlite::Result<Self> {
        let sqlite = Connection::open(file)?;
        // SQLite opens a file that it may not write to as well.
        if sqlite.is_readonly(rusqlite::MAIN_DB)? {
            let problem =
                "it cannot be written to; correct its owner, its mode, or the file system";
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY),
                Some(problem.to_owned()),
            ));
        }
        set_text(&sqlite, "journal_mode", "WAL")?;
        // Acknowledged means fsynced: NORMAL may lose the last commits when the power fails.
        sqlite.pragma_update(None, "synchronous", faults::synchronous())?;
        sqlite.pragma_update(None, "foreign_keys", true)?;
        // Checkpoints run off the commit path (see `checkpoint`).
        sqlite.pragma_update(None, "wal_autocheckpoint", 0)?;
        sqlite.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
        sqlite.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        let guarded = Self::guard(sqlite)?;
        guarded.resize(bytes_max)?;
        Ok(guarded)
    }

    /// Sets how large the database may become.
    pub(super) fn resize(&self, bytes_max: u64) -> rusqlite::Result<()> {
        let pages = i64::try_from(bytes_max / PAGE_BYTES).unwrap_or(i64::MAX);
        self.host_statement(&format!("PRAGMA max_page_count = {}", pages.max(1)))
    }

    /// Sets the largest value that the next statements may make.
    pub(super) fn allow_values_of(&self, bytes_max: usize) -> rusqlite::Result<()> {
        let bytes_max = i32::try_from(bytes_max).unwrap_or(i32::MAX);
        self.sqlite
            .set_limit(Limit::SQLITE_LIMIT_LENGTH, bytes_max)?;
        Ok(())
    }

    /// Opens a connection that only reads.
    pub(super) fn reader(file: &Path) -> rusqlite::Result<Self> {
        Self::only_reading(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    /// Opens a connection that only reads, and knows the CHECK constraints: SQLite forgets those of
    /// a database that it cannot write to.
    pub(super) fn checker(file: &Path) -> rusqlite::Result<Self> {
        Self::only_reading(file, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn only_reading(file: &Path, access: OpenFlags) -> rusqlite::Result<Self> {
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let sqlite = Connection::open_with_flags(file, flags)?;
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        sqlite.pragma_update(None, "query_only", true)?;
        sqlite.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        Self::guard(sqlite)
    }

    fn guard(mut sqlite: Connection) -> rusqlite::Result<Self> {
        sqlite.pragma_update(None, "trusted_schema", false)?;
        sqlite.pragma_update(None, "cell_size_check", true)?;
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // Otherwise SQLite compiles a cached join again for each bound value, to choose its plan by
        // that value: half the time of a transfer.
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        sqlite.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        sqlite.busy_timeout(std::time::Duration::from_secs(5))?;
        for (limit, value) in [
            (Limit::SQLITE_LIMIT_ATTACHED, 0),
            (Limit::SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX),
            (
                Limit::SQLITE_LIMIT_LENGTH,
                i32::try_from(VALUE_BYTES_MAX).unwrap_or(i32::MAX),
            ),
            (Limit::SQLITE_LIMIT_VDBE_OP, STATEMENT_OPS_MAX),
            (Limit::SQLITE_LIMIT_COLUMN, COLUMNS_MAX),
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_BYTES_MAX),
            (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, PARAMETERS_MAX),
            (Limit::SQLITE_LIMIT_EXPR_DEPTH, EXPRESSION_DEPTH_MAX),
            (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, TRIGGER_DEPTH_MAX),
            (Limit::SQLITE_LIMIT_COMPOUND_SELECT, COMPOUND_PARTS_MAX),
        ] {
            sqlite.set_limit(limit, value)?;
        }
        sql_functions::install(&sqlite, VALUE_BYTES_MAX)?;
        let budget = Budget::install(&mut sqlite)?;
        let host = HostPass::default();
        let authorizer = host.clone();
        sqlite.authorizer(Some(move |context: rusqlite::hooks::AuthContext<'_>| {
            authorizer.authorize(&context)
        }))?;
        Ok(Self {
            sqlite,
            budget,
            host,
        })
    }

    /// Checks the pages of the file, and that its indexes and its constraints fit its rows; returns
    /// the number of pages, and at most so many faults.
    pub(super) fn check_file(&self, faults_max: u32) -> rusqlite::Result<(u64, Vec<String>)> {
        self.host.with(|| {
            let pages: i64 = self
                .sqlite
                .query_row("PRAGMA page_count", [], |row| row.get(0))?;
            let check = format!("PRAGMA integrity_check({faults_max})");
            let mut statement = self.sqlite.prepare(&check)?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
            let faults = lines.filter(|line| !matches!(line.as_deref(), Ok("ok")));
            Ok((
                u64::try_from(pages).unwrap_or_default(),
                faults.collect::<Result<_, _>>()?,
            ))
        })
    }

    /// Compiles a statement of the guest, or finds it compiled.
    pub(super) fn prepare(&self, sql: &str) -> rusqlite::Result<PreparedStatement<'_>> {
        // SQLite asks the authorizer when it compiles a statement. These are compiled.
        if COMPILED_ONCE.contains(&sql.trim()) {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_AUTH);
            let text = "not authorized".to_owned();
            return Err(rusqlite::Error::SqliteFailure(code, Some(text)));
        }
        self.host.begin_statement();
        Ok(match sql.len() <= CACHED_SQL_BYTES_MAX {
            true => PreparedStatement::Cached(self.sqlite.prepare_cached(sql)?),
            false => PreparedStatement::Once(self.sqlite.prepare(sql)?),
        })
    }

    /// Runs one of the host's own statements.
    pub(super) fn host_statement(&self, sql: &str) -> rusqlite::Result<()> {
        let done = self.host.with(|| match COMPILED_ONCE.contains(&sql) {
            true => self.sqlite.prepare_cached(sql)?.execute([]).map(drop),
            // Not through the cache, where a guest could run it too.
            false => self.sqlite.execute_batch(sql),
        });
        end_on_failed_sync(done)
    }
}

/// Sets a pragma that returns the value it has set.
fn set_text(sqlite: &Connection, pragma: &str, wanted: &str) -> rusqlite::Result<()> {
    let mut statement = sqlite.prepare(&format!("PRAGMA {pragma} = {wanted}"))?;
    let mut rows = statement.query([])?;
    let mut found = String::new();
    // To the end: SQLite returns a row before its commit, which may fail.
    while let Some(row) = rows.next()? {
        found = row.get(0)?;
    }
    if found.eq_ignore_ascii_case(wanted) {
        Ok(())
    } else {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR);
        let text = format!("{pragma} is {found}, not {wanted}");
        Err(rusqlite::Error::SqliteFailure(code, Some(text)))
    }
}
