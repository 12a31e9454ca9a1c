//! Makes the write-ahead log that a previous process has left durable.
//!
//! A process that is killed within a commit leaves frames in the log that no sync has covered.
//! SQLite takes them for committed, and would return data that a power loss takes away. After a
//! failed sync it is worse: the kernel takes the pages for clean, and no later sync writes them. So
//! before SQLite reads the log, this overwrites it with its own content, and syncs it: all of it is
//! then durable.

use super::faults;
use super::log_file::log_of;
use crate::regular_file::if_there;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// How much of the log is in memory at a time.
const PART_BYTES: usize = 1 << 20;

/// Databases whose log this process has made durable. From then on it alone writes to the log, and
/// waits for the disk itself.
static DURABLE: LazyLock<Mutex<HashSet<PathBuf>>> = LazyLock::new(Mutex::default);

/// Makes the log of a database durable as it is, the first time that this process opens it. No
/// other process may have it open to write.
///
/// # Errors
/// The system's: the log must not be read. A retry is safe, since it writes the whole log again.
pub(super) fn make_log_durable(database: &Path) -> io::Result<()> {
    let mut durable = DURABLE.lock();
    if durable.contains(database) {
        return Ok(());
    }
    let log = log_of(database);
    if let Some(file) = if_there(OpenOptions::new().read(true).write(true).open(&log))? {
        write_over(&file)?;
        // The name of the log is durable only when its folder is.
        if let Some(folder) = log.parent() {
            File::open(folder)?.sync_all()?;
        }
        faults::written_over(&log);
    }
    durable.insert(database.to_owned());
    Ok(())
}

/// Overwrites a file with its own content.
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
    fn a_log_is_the_same_after_it_was_overwritten_and_a_store_without_one_gets_none() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("s.sqlite");
        make_log_durable(&folder.path().join("new.sqlite")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let log = folder.path().join("s.sqlite-wal");
        let content = (0..PART_BYTES as u32 + 5).map(|place| (place % 251) as u8);
        let content: Vec<u8> = content.collect();
        std::fs::write(&log, &content).unwrap();
        make_log_durable(&database).unwrap();
        assert_eq!(std::fs::read(&log).unwrap(), content);
    }
}
