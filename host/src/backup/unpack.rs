//! The operator's side of a backup: what the host sends, as files of a folder.

use super::digested::Digested;
use super::manifest::{self, CopiedFile, Manifest};
use crate::durable_file::{FILE_MODE, create_folder, sync_folder};
use anyhow::Context as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// How much may wait for the disk, in bytes: the commits of a bank on the same disk wait behind it.
pub(super) const SYNC_BYTES: usize = 4 << 20;
/// How much is read at once, in bytes.
const PART_BYTES: usize = 256 << 10;

const BREAKS_OFF: &str = "the host's response breaks off; its log says why";

/// Writes the files of a backup into a new folder, durably, and checks that they are whole.
/// Calls `progress` with the bytes of each part.
///
/// # Errors
/// In words: what the host could not do, or which file could not be written.
pub fn unpack(
    backup: impl Read,
    folder: &Path,
    progress: &mut dyn FnMut(u64),
) -> anyhow::Result<Manifest> {
    create_folder(folder).with_context(|| folder.display().to_string())?;
    let mut files = Vec::new();
    for entry in tar::Archive::new(backup).entries()? {
        let mut entry = entry.context(BREAKS_OFF)?;
        let path = entry.path()?.into_owned();
        anyhow::ensure!(
            manifest::is_inside(&path),
            "the host's response has a file {}, which no backup has",
            path.display()
        );
        let file = folder.join(&path);
        let mut content = Digested::new(&mut entry);
        write_file(&file, &mut content, BREAKS_OFF, progress)?;
        let (bytes, sha256) = content.finish();
        if path == Path::new(manifest::FILE_NAME) {
            let manifest = Manifest::of_folder(folder)?;
            anyhow::ensure!(
                manifest.files == files,
                "what arrived is not what the host has sent; make another backup"
            );
            return Ok(manifest);
        }
        files.push(CopiedFile {
            path,
            stored_as: None,
            bytes,
            sha256,
        });
    }
    anyhow::bail!(BREAKS_OFF)
}

/// Makes a new file and those folders above it that are missing.
pub(super) fn new_file(file: &Path) -> io::Result<File> {
    create_folder(folder_of(file))?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(file)
}

/// The folder of a file.
pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("."))
}

/// Writes a new file and those folders above it that are missing, durably.
///
/// # Errors
/// `unread` where the content cannot be read; otherwise the name of the file.
pub(super) fn write_file(
    file: &Path,
    content: &mut dyn Read,
    unread: &str,
    progress: &mut dyn FnMut(u64),
) -> anyhow::Result<()> {
    let named = || file.display().to_string();
    let mut written = new_file(file).with_context(named)?;
    let mut unsynced = 0;
    let mut part = vec![0; PART_BYTES];
    loop {
        let read = match content.read(&mut part) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).with_context(|| unread.to_owned()),
        };
        written.write_all(&part[..read]).with_context(named)?;
        unsynced += read;
        if unsynced >= SYNC_BYTES {
            written.sync_data().with_context(named)?;
            unsynced = 0;
        }
        progress(read as u64);
    }
    written.sync_all().with_context(named)?;
    sync_folder(folder_of(file)).with_context(named)
}
