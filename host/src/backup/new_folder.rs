//! A folder that gets its content at once or not at all.

use crate::durable_file::{create_folder, sync_folder};
use crate::regular_file::if_there;
use anyhow::Context as _;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// What is not whole yet is in a folder of this name, in the folder itself: that can be the root of
/// a volume, beside which there is nothing.
pub const PARTIAL: &str = ".partial";

/// Whether a process that runs makes the content of a folder.
pub fn is_being_made(target: &Path) -> bool {
    let locked = File::open(target.join(PARTIAL)).map(|partial| partial.try_lock());
    matches!(locked, Ok(Err(TryLockError::WouldBlock)))
}

/// Refuses a data folder that a restoration has made in part.
///
/// # Errors
/// It is one.
pub fn check_whole(data: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !data.join(PARTIAL).exists(),
        "{}: a restoration has not come to its end; remove what is in the folder, and restore again",
        data.display()
    );
    Ok(())
}

/// A folder whose content comes. Dropped before it is whole, it is as it was.
pub struct NewFolder {
    target: PathBuf,
    partial: PathBuf,
    #[expect(
        dead_code,
        reason = "locked until the content is whole, or the process ends"
    )]
    lock: File,
    is_made: bool,
    is_whole: bool,
}

impl NewFolder {
    /// Begins the content of `target`, which is made if it does not exist.
    ///
    /// # Errors
    /// It has something in it, or cannot be made.
    pub fn begin(target: &Path) -> anyhow::Result<Self> {
        let target = std::path::absolute(target)?;
        let shown = || target.display().to_string();
        let is_made = match std::fs::read_dir(&target) {
            Ok(entries) => {
                let entries: io::Result<Vec<_>> =
                    entries.map(|entry| Ok(entry?.file_name())).collect();
                let is_ours = |name: &std::ffi::OsString| name == PARTIAL || name == "lost+found";
                anyhow::ensure!(
                    entries.with_context(shown)?.iter().all(is_ours),
                    "{} is not empty; name a folder that does not exist",
                    target.display()
                );
                false
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(error).with_context(shown),
        };
        let partial = target.join(PARTIAL);
        anyhow::ensure!(
            !is_being_made(&target),
            "another process makes {}",
            target.display()
        );
        remove(&partial).with_context(shown)?;
        create_folder(&partial).with_context(shown)?;
        let lock = File::open(&partial).with_context(shown)?;
        lock.lock().with_context(shown)?;
        Ok(Self {
            target,
            partial,
            lock,
            is_made,
            is_whole: false,
        })
    }

    /// Where its files go.
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Moves its files to their places, durably; `last` comes last.
    ///
    /// # Errors
    /// The system's.
    pub fn finish(mut self, last: &str) -> anyhow::Result<()> {
        let shown = || self.target.display().to_string();
        let entries = std::fs::read_dir(&self.partial).with_context(shown)?;
        let names: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.file_name())).collect();
        let mut names = names.with_context(shown)?;
        names.sort_by_key(|name| name == last);
        // From here on, what has come to its place stays. Where `.partial` is left, nothing starts.
        self.is_whole = true;
        for name in names {
            std::fs::rename(self.partial.join(&name), self.target.join(&name))
                .with_context(shown)?;
        }
        sync_folder(&self.target).with_context(shown)?;
        std::fs::remove_dir(&self.partial).with_context(shown)?;
        sync_folder(&self.target).with_context(shown)?;
        Ok(())
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if self.is_whole {
            return;
        }
        let removed = match self.is_made {
            true => remove(&self.target),
            false => remove(&self.partial),
        };
        if let Err(error) = removed {
            eprintln!("strongroom: {} is left: {error}", self.partial.display());
        }
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    if_there(std::fs::remove_dir_all(folder)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_its_content_only_when_that_is_whole() {
        let above = tempfile::tempdir().unwrap();
        let target = above.path().join("bank");
        let begin = || {
            let folder = NewFolder::begin(&target).unwrap();
            std::fs::write(folder.path().join("file"), "content").unwrap();
            folder
        };
        drop(begin());
        assert!(!target.exists());
        std::fs::create_dir(&target).unwrap();
        drop(begin());
        assert_eq!(std::fs::read_dir(&target).unwrap().count(), 0);
        let first = begin();
        let error = NewFolder::begin(&target).err().unwrap().to_string();
        assert!(error.contains("another process makes"), "{error}");
        drop(first);
        // That of a process that was killed.
        std::fs::create_dir(target.join(PARTIAL)).unwrap();
        begin().finish("file").unwrap();
        assert_eq!(std::fs::read(target.join("file")).unwrap(), b"content");
        assert_eq!(std::fs::read_dir(&target).unwrap().count(), 1);
        let error = NewFolder::begin(&target).err().unwrap().to_string();
        assert!(error.contains("is not empty"), "{error}");
    }
}
