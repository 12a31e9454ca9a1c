//! Files that survive a crash whole: the content is written to a new file, fsynced, and renamed,
//! and the folder is fsynced.

use crate::regular_file::if_there;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Only the owner may read these files.
pub const FILE_MODE: u32 = 0o600;
/// Only the owner may enter these folders.
pub const FOLDER_MODE: u32 = 0o700;

/// Creates a folder that only its owner may enter, and missing folders above it; makes their names
/// durable. A folder that exists stays as it is.
///
/// # Errors
/// The system's.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let above = folder.ancestors().skip(1);
    let missing = above.take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let missing: Vec<&Path> = missing.collect();
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)?;
    for created in missing.into_iter().rev() {
        sync_parent(created)?;
    }
    // Also if it existed: the process that created it may have died before this.
    sync_parent(folder)
}

/// Replaces the content of `file`. After a crash the file has the old content or the new one.
///
/// # Errors
/// The system's.
pub fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    // Two hosts may share a folder of compiled code, and two services a component.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Relaxed);
    let beside = file.with_extension(format!("{}-{count}.new", std::process::id()));
    // One that a crash left may have another mode.
    if_there(std::fs::remove_file(&beside))?;
    let mut options = OpenOptions::new();
    let mut written = options
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(&beside)?;
    written.write_all(content)?;
    written.sync_all()?;
    std::fs::rename(&beside, file)?;
    sync_parent(file)
}

/// Opens a file to append to, and creates it if there is none.
///
/// # Errors
/// The system's.
pub fn open_to_append(file: &Path) -> io::Result<File> {
    let opened = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(FILE_MODE)
        .open(file)?;
    sync_parent(file)?;
    Ok(opened)
}

/// Fsyncs the folder of `file`, which makes its name durable.
fn sync_parent(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) if folder.as_os_str().is_empty() => sync_folder(Path::new(".")),
        Some(folder) => sync_folder(folder),
        None => Ok(()),
    }
}

/// Fsyncs a folder, which makes the names in it durable.
///
/// # Errors
/// The system's.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_is_created_with_those_above_it_for_its_owner_alone_and_may_exist() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("data/stores");
        for _ in 0..2 {
            create_folder(&folder).unwrap();
            for made in [above.path().join("data"), folder.clone()] {
                assert_eq!(made.metadata().unwrap().permissions().mode() & 0o777, 0o700);
            }
        }
        // It may be named from where the host was started.
        create_folder(Path::new("src")).unwrap();
    }
}
