//! The files of a store as they are at one moment, for a backup, while guests go on writing.
//!
//! Only a checkpoint writes to the database's file. So while checkpoints are kept out, that file
//! and the part of the log that is committed now stay as they are, and together they are the store.
//! SQLite puts them together when it opens the copy.

use super::kept_log::LogPosition;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// The database files that were opened to be read as files. They are never closed: POSIX drops all
/// locks of a process on a file when it closes any descriptor of it, and SQLite relies on its own.
static OPENED: LazyLock<Mutex<HashMap<PathBuf, Arc<File>>>> = LazyLock::new(Mutex::default);

/// One moment of a store: so many bytes of its database, and of its log.
pub struct StoreFiles {
    pub database: DatabaseFile,
    pub log: LogPosition,
}

/// The file of a database, to be read from its beginning.
pub struct DatabaseFile {
    /// Others may read it too, each with its own place in it.
    file: Arc<File>,
    at: u64,
    pub bytes: u64,
}

impl Read for DatabaseFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl StoreFiles {
    pub(super) fn new(database: &Path, log: LogPosition) -> io::Result<Self> {
        let database = open_database(database)?;
        Ok(Self { database, log })
    }
}

/// The file of a database.
///
/// # Errors
/// The system's.
pub fn open_database(database: &Path) -> io::Result<DatabaseFile> {
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
    let bytes = file.metadata()?.len();
    Ok(DatabaseFile { file, at: 0, bytes })
}
