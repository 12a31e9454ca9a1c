//! Where a command that must not change a bank keeps compiled code.

use super::scratch_folder::ScratchFolder;
use crate::private_file::{self, Guard};
use std::io;
use std::path::{Path, PathBuf};

/// The bank's own folder, where it is there and this user's; otherwise a temporary one. A command
/// of another user would leave files that the bank refuses.
pub(super) struct CodeFolder {
    path: PathBuf,
    temporary: Option<ScratchFolder>,
}

impl CodeFolder {
    /// The folder for a bank whose code is in `cache`.
    ///
    /// # Errors
    /// No temporary folder can be made.
    pub(super) fn of(cache: &Path) -> io::Result<Self> {
        if is_own(cache) {
            return Ok(Self {
                path: cache.to_owned(),
                temporary: None,
            });
        }
        let temporary = ScratchFolder::create_or_in(cache)?;
        Ok(Self {
            path: temporary.path().join("cache"),
            temporary: Some(temporary),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what is temporary.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn end(self) -> io::Result<()> {
        self.temporary.map_or(Ok(()), ScratchFolder::remove)
    }
}

/// Whether a folder is there, and no other user can change it.
fn is_own(folder: &Path) -> bool {
    folder.metadata().is_ok_and(|metadata| {
        metadata.is_dir() && private_file::check(folder, &metadata, Guard::Writing).is_ok()
    })
}
