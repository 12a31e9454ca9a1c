//! The write-ahead log that a process before this one has left.
//!
//! A process that is killed within a commit leaves frames in the log for which nobody has waited. SQLite sees them, takes them for
//! committed, and would answer from what a power loss takes away. After a failed sync it is worse: the kernel takes the pages for clean,
//! and no later sync writes them. So before SQLite reads the log it is written over with what it holds, and synced: what is found in it
//! then, stays.

use super::faults;
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

/// How much of the log is in memory at a time.
const PART_BYTES: usize = 1 << 20;

/// Logs of which this process knows that they are durable: it waits for the disk itself. Whoever has a store open writes to its log, so
/// that nobody else may.
static KNOWN: LazyLock<Mutex<HashSet<PathBuf>>> = LazyLock::new(Mutex::default);

/// Makes the log of a database durable as it is, the first time that this process opens it. No other process may have it open to write.
///
/// # Errors
/// The system's: nothing may be answered from the log. To try again is safe, since all of it is written again.
pub(super) fn make_log_durable(database: &Path) -> io::Result<()> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.contains(database) {
        return Ok(());
    }
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    let log = PathBuf::from(name);
    match OpenOptions::new().read(true).write(true).open(&log) {
        Ok(file) => {
            write_over(&file)?;
            // The name of the log is durable only when its folder is.
            if let Some(folder) = log.parent() {
                File::open(folder)?.sync_all()?;
            }
            faults::written_over(&log);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    known.insert(database.to_owned());
    Ok(())
}

/// Writes what a file holds to where it is.
fn write_over(file: &File) -> io::Result<()> {
    let mut part = vec![0; PART_BYTES];
    let mut offset = 0;
    loop {
        let read = file.read_at(&mut part, offset)?;
        let Some(bytes @ [_, ..]) = part.get(..read) else {
            return file.sync_all();
        };
        file.write_all_at(bytes, offset)?;
        offset += bytes.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_the_same_after_it_was_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("s.sqlite");
        let log = folder.path().join("s.sqlite-wal");
        let content: Vec<u8> = (0..PART_BYTES as u32 + 5)
            .map(|place| (place % 251) as u8)
            .collect();
        std::fs::write(&log, &content).unwrap();
        make_log_durable(&database).unwrap();
        assert_eq!(std::fs::read(&log).unwrap(), content);
    }

    #[test]
    fn a_store_without_a_log_gets_none() {
        let folder = tempfile::tempdir().unwrap();
        make_log_durable(&folder.path().join("s.sqlite")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
