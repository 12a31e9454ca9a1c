//! The lock of a data folder, and how a host knows that its folder is a copy of a running one's.
//!
//! A plain copy of a folder whose host writes to it is torn: its files are of different moments.
//! While a host runs, the lock's file holds its own inode and time of birth, and only spaces after
//! a clean end. A copy has others. So has the folder of a killed host that was moved to another
//! disk, which is whole. Only a [verification](crate::runtime::verify) can distinguish the two.

use crate::durable_file::create_folder;
use anyhow::Context as _;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The name of its file in the data folder.
pub const FILE_NAME: &str = "lock";
/// The length of its content, which spaces fill: written over, it needs no room on a full disk.
const CONTENT_BYTES: usize = 64;

/// The lock of a data folder, for as long as it lives: two hosts on it would each believe that they
/// are its only writer.
pub struct DataLock {
    file: File,
    path: PathBuf,
    identity: String,
    content: String,
}

impl DataLock {
    /// Locks a data folder, and makes it if there is none.
    ///
    /// # Errors
    /// In words: another host has it, or it cannot be made.
    pub fn take(data: &Path) -> anyhow::Result<Self> {
        let shown = data.display();
        create_folder(data).map_err(|error| {
            anyhow::anyhow!("{shown}: the data folder cannot be created: {error}")
        })?;
        let path = data.join(FILE_NAME);
        let named = |error: io::Error| anyhow::anyhow!("{}: {error}", path.display());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(named)?;
        file.try_lock().map_err(|_| {
            anyhow::anyhow!(
                "{shown}: another strongroom uses this data folder; stop it, or choose another \
                 with --data"
            )
        })?;
        let identity = identity(&file.metadata().map_err(named)?);
        let mut content = String::new();
        file.read_to_string(&mut content).map_err(named)?;
        Ok(Self {
            file,
            path,
            identity,
            content: content.trim_end().to_owned(),
        })
    }

    /// Whether the folder was copied from one whose host ran, or was killed.
    pub fn is_of_copy(&self) -> bool {
        !self.content.is_empty() && self.content != self.identity
    }

    /// Notes that the host runs.
    ///
    /// # Errors
    /// The system's, with the file.
    pub fn note_running(&mut self) -> anyhow::Result<()> {
        self.replace(self.identity.clone())
    }

    /// Notes that the host has ended, and closed all stores.
    ///
    /// # Errors
    /// The system's, with the file.
    pub fn note_ended(&mut self) -> anyhow::Result<()> {
        self.replace(String::new())
    }

    fn replace(&mut self, content: String) -> anyhow::Result<()> {
        let named = || self.path.display().to_string();
        let padded = format!("{content:CONTENT_BYTES$}");
        self.file
            .write_all_at(padded.as_bytes(), 0)
            .with_context(named)?;
        self.file.sync_all().with_context(named)?;
        self.content = content;
        Ok(())
    }
}

/// What no copy of a file shares with it.
fn identity(metadata: &Metadata) -> String {
    let born = metadata.created().ok();
    let born = born.and_then(|born| born.duration_since(UNIX_EPOCH).ok());
    let born = born.unwrap_or_default().as_nanos();
    format!("{} {born}", metadata.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_copy_that_was_made_before_a_clean_end_is_one() {
        let above = tempfile::tempdir().unwrap();
        let [ran, copied, ended] = ["ran", "copied", "ended"].map(|name| above.path().join(name));
        let mut lock = DataLock::take(&ran).unwrap();
        assert!(!lock.is_of_copy());
        lock.note_running().unwrap();
        let copy_to = |to: &Path| {
            create_folder(to).unwrap();
            std::fs::copy(ran.join(FILE_NAME), to.join(FILE_NAME)).unwrap();
            DataLock::take(to).unwrap()
        };
        let mut copy = copy_to(&copied);
        assert!(copy.is_of_copy());
        copy.note_running().unwrap();
        assert!(!copy.is_of_copy());
        lock.note_ended().unwrap();
        assert!(!copy_to(&ended).is_of_copy());
        assert!(DataLock::take(&ran).is_err());
    }
}
