//! Files that survive a crash whole: written beside, fsynced, renamed, and the folder fsynced.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Only the owner may read what lies here.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// Makes a folder that only its owner may enter; one that is there stays as it is.
///
/// # Errors
/// The system's.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
}

/// Puts `content` in the place of `file`; after a crash the file is the old one or the new one.
///
/// # Errors
/// The system's.
pub fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    // Two hosts may share a folder of compiled code, and two services a component.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Relaxed);
    let beside = file.with_extension(format!("{}-{count}.new", std::process::id()));
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
///
/// # Errors
/// The system's.
pub fn open_to_append(file: &Path) -> io::Result<File> {
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
