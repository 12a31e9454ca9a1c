//! A backup as the host writes it: the files of a folder.

use super::source::Destination;
use super::unpack::write_file;
use std::io::{self, Read};
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
        let mut stoppable = Stoppable {
            content,
            stop: &self.stop,
        };
        write_file(&self.folder.join(path), &mut stoppable, &mut |_| {})
    }
}

struct Stoppable<'c> {
    content: &'c mut dyn Read,
    stop: &'c CancellationToken,
}

impl Read for Stoppable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stop.is_cancelled() {
            true => Err(io::Error::other("the host is stopping")),
            false => self.content.read(buffer),
        }
    }
}
