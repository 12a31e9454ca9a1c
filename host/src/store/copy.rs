//! The files of a store as they are at one moment, for a backup, while guests go on writing.
//!
//! Only a checkpoint writes to the database's file. So while checkpoints are kept out, that file
//! and the part of the log that is committed now stay as they are, and together they are the store.
//! SQLite puts them together when it opens the copy.

use super::kept_log::LogPosition;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// The database files that were opened to be read as files. They are never closed: POSIX drops all
/// locks of a process on a file when it closes any descriptor of it, and SQLite relies on its own.
static OPENED: LazyLock<Mutex<HashMap<PathBuf, Arc<File>>>> = LazyLock::new(Mutex::default);

/// One moment of a store: so many bytes of its database, and of its log.
pub struct StoreFiles {
    pub database: Arc<File>,
    pub database_bytes: u64,
    pub log: LogPosition,
}

impl StoreFiles {
    pub(super) fn new(database: &Path, log: LogPosition) -> io::Result<Self> {
        let (database, database_bytes) = open_database(database)?;
        Ok(Self {
            database,
            database_bytes,
            log,
        })
    }
}

/// The file of a database, from its beginning, and its size.
///
/// # Errors
/// The system's.
pub fn open_database(database: &Path) -> io::Result<(Arc<File>, u64)> {
    let mut opened = OPENED.lock();
    let found = std::fs::metadata(database)?;
    let known = opened.get(database).map(Arc::clone);
    let is_same = |file: &Arc<File>| {
        let known = file.metadata();
        known.is_ok_and(|known| (known.dev(), known.ino()) == (found.dev(), found.ino()))
    };
    let file = match known.filter(is_same) {
        Some(file) => file,
        None => Arc::new(File::open(database)?),
    };
    // One that was removed and made again has no locks of this process to lose.
    opened.insert(database.to_owned(), Arc::clone(&file));
    (&*file).rewind()?;
    let bytes = file.metadata()?.len();
    Ok((file, bytes))
}
