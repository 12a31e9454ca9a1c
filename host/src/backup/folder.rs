//! A backup as the host writes it: the files of a folder.

use super::slow_disk::in_time;
use super::source::Destination;
use super::unpack::{SYNC_BYTES, folder_of, new_file};
use crate::durable_file::sync_folder;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Writes files into a folder, until the host stops.
pub(super) struct FolderDestination {
    folder: PathBuf,
    stop: CancellationToken,
}

impl FolderDestination {
    pub(super) fn new(folder: &Path, stop: CancellationToken) -> Self {
        Self {
            folder: folder.to_owned(),
            stop,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Destination for FolderDestination {
    fn take(&mut self, path: &Path, _: u64, content: &mut dyn Read) -> io::Result<()> {
        let file = self.folder.join(path);
        let made = file.clone();
        let mut written = in_time(move || new_file(&made))?;
        loop {
            if self.stop.is_cancelled() {
                return Err(io::Error::other("the host is stopping"));
            }
            let mut part = Vec::with_capacity(SYNC_BYTES);
            let mut next = Read::take(&mut *content, SYNC_BYTES as u64);
            next.read_to_end(&mut part)?;
            if part.is_empty() {
                break;
            }
            written = in_time(move || {
                written.write_all(&part)?;
                written.sync_data()?;
                Ok(written)
            })?;
        }
        in_time(move || {
            written.sync_all()?;
            sync_folder(folder_of(&file))
        })
    }
}
