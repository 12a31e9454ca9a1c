//! A temporary folder that lasts as long as the process: the data of `serve --dev` and of a
//! `check`, and compiled code that has no other place.

use crate::data_lock::FILE_NAME as LOCK_NAME;
use crate::durable_file::{FOLDER_MODE, create_folder};
use crate::private_file::{self, Guard};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use std::fs::{DirEntry, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::TempDir;

/// How the names of such folders begin. The id of the process and a random text follow.
const PREFIX: &str = "strongroom-data-";

/// A temporary folder.
pub(super) struct ScratchFolder(TempDir);

impl ScratchFolder {
    /// Makes a folder that only its owner may enter, in the system's folder for temporary files.
    /// Removes those of processes that were killed.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn create() -> io::Result<Self> {
        Self::create_in(&std::env::temp_dir())
    }

    /// The same in `other`, which is made if need be, where the system has no such folder: in a
    /// container with nothing but the binary.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn create_or_in(other: &Path) -> io::Result<Self> {
        let usual = std::env::temp_dir();
        if usual.is_dir() {
            return Self::create_in(&usual);
        }
        create_folder(other)?;
        Self::create_in(other)
    }

    fn create_in(parent: &Path) -> io::Result<Self> {
        remove_leftovers(parent);
        tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .permissions(Permissions::from_mode(FOLDER_MODE))
            .tempdir_in(parent)
            .map(Self)
            .map_err(|error| {
                let parent = parent.display();
                io::Error::new(
                    error.kind(),
                    format!("{parent}: no temporary folder: {error}"),
                )
            })
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Removes the folder and what is in it.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn remove(self) -> io::Result<()> {
        self.0.close()
    }
}

/// Removes the folders of processes that were killed. One that cannot be removed stays for the next
/// start.
fn remove_leftovers(parent: &Path) {
    let entries = std::fs::read_dir(parent).into_iter().flatten();
    for entry in entries.filter_map(Result::ok) {
        if is_leftover(&entry) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether a folder is our user's, and its process has ended. Others may write to the parent.
fn is_leftover(entry: &DirEntry) -> bool {
    let Some(process) = process_of(entry) else {
        return false;
    };
    let is_ours = entry.metadata().is_ok_and(|metadata| {
        metadata.is_dir() && private_file::check(&entry.path(), &metadata, Guard::All).is_ok()
    });
    is_ours
        && test_kill_process(process) == Err(Errno::SRCH)
        && is_unlocked(&entry.path().join(LOCK_NAME))
}

/// The process that a folder's name has.
fn process_of(entry: &DirEntry) -> Option<Pid> {
    let name = entry.file_name();
    let (process, _) = name.to_str()?.strip_prefix(PREFIX)?.split_once('-')?;
    Pid::from_raw(process.parse().ok()?)
}

/// Whether no process holds the lock: one of a container that shares the folder has an id of its
/// own.
fn is_unlocked(lock: &Path) -> bool {
    match File::open(lock) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, DirBuilder};
    use std::os::unix::fs::{DirBuilderExt as _, symlink};

    #[test]
    fn a_folder_is_its_owners_alone_and_goes_with_all_that_is_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let data = ScratchFolder::create_in(parent.path()).unwrap();
        let path = data.path().to_owned();
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, FOLDER_MODE);
        fs::create_dir(path.join("keys")).unwrap();
        fs::write(path.join("keys/file"), "secret").unwrap();
        data.remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn only_folders_of_processes_that_have_ended_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let parent = parent.path();
        // Of a process with a higher number than any has.
        let left = |name| format!("{PREFIX}{}-{name}", i32::MAX);
        let [dead, locked, open, linked] = ["dead", "locked", "open", "linked"].map(left);
        let alive = format!("{PREFIX}{}-alive", std::process::id());
        let kept = [&locked, &open, &alive, "strongroom-data-", "another"];
        for name in kept.into_iter().chain([dead.as_str()]) {
            let path = parent.join(name);
            DirBuilder::new().mode(FOLDER_MODE).create(&path).unwrap();
            fs::write(path.join(LOCK_NAME), "").unwrap();
        }
        symlink(parent.join("another"), parent.join(&linked)).unwrap();
        fs::set_permissions(parent.join(&open), Permissions::from_mode(0o777)).unwrap();
        let lock = File::open(parent.join(&locked).join(LOCK_NAME)).unwrap();
        lock.try_lock().unwrap();

        let data = ScratchFolder::create_in(parent).unwrap();
        assert!(!parent.join(&dead).exists());
        for name in kept {
            assert!(parent.join(name).join(LOCK_NAME).exists(), "{name}");
        }
        assert!(parent.join(&linked).is_symlink() && data.path().exists());
    }
}
