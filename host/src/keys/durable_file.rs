//! Files that survive a crash whole: written beside, fsynced, renamed, and the folder fsynced.

use super::KeysError;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Only the owner may read what lies here.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// Makes a folder that only its owner may enter.
pub(super) fn create_folder(folder: &Path) -> Result<(), KeysError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
        .map_err(|source| file_error(folder, source))
}

/// Puts `content` in the place of `file`.
pub(super) fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    let beside = file.with_extension("new");
    // A leftover of a crash may have another mode.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut written = options
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(&beside)?;
    written.write_all(content)?;
    written.sync_all()?;
    std::fs::rename(&beside, file)?;
    sync_folder(file)
}

/// Opens a file to append to; makes it if there is none.
pub(super) fn open_to_append(file: &Path) -> io::Result<File> {
    let opened = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(FILE_MODE)
        .open(file)?;
    sync_folder(file)?;
    Ok(opened)
}

/// A name is durable only when its folder is.
fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

pub(super) fn file_error(file: &Path, source: io::Error) -> KeysError {
    KeysError::File {
        file: file.display().to_string(),
        source,
    }
}
