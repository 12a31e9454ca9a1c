//! The names of a database's files.

use std::path::{Path, PathBuf};

/// How the name of a write-ahead log ends, after that of its database.
pub(super) const LOG_SUFFIX: &str = "-wal";

/// The write-ahead log of a database.
pub fn log_of(database: &Path) -> PathBuf {
    with_suffix(database, LOG_SUFFIX)
}

/// The database whose write-ahead log a file is; none for any other file.
pub fn database_of_log(file: &Path) -> Option<PathBuf> {
    Some(file.to_str()?.strip_suffix(LOG_SUFFIX)?.into())
}

/// The name of a file of SQLite beside a database.
pub(super) fn with_suffix(database: &Path, suffix: &str) -> PathBuf {
    let mut file = database.as_os_str().to_owned();
    file.push(suffix);
    file.into()
}
