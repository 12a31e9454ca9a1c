//! A backup as the host sends it to the operator's command: a tar.
//!
//! A failure half-way is told by a last file of the name `error`, in place of the manifest.

use super::source::{BackupSource, Destination};
use bytes::{Bytes, BytesMut};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The name of the file that says why a backup is not whole.
pub(super) const ERROR: &str = "error";
/// How much is sent at once, in bytes.
const PART_BYTES: usize = 256 << 10;
/// How many parts may wait for the client.
const PARTS_WAITING_MAX: usize = 4;
/// How long the client may take for a part: until it has the last one, a store's log grows.
const PART_TIME_MAX: Duration = Duration::from_secs(30);
/// The mode of each file.
const FILE_MODE: u32 = 0o600;

/// Sends a backup of a host, part by part, on a thread of its own. It ends early when the host does
/// (`stop`), and when nobody takes the parts.
pub fn send(source: BackupSource, stop: CancellationToken) -> mpsc::Receiver<Bytes> {
    let (sender, receiver) = mpsc::channel(PARTS_WAITING_MAX);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let parts = Parts {
            sender,
            runtime,
            stop,
            part: BytesMut::with_capacity(PART_BYTES),
        };
        match write(&source, parts) {
            Ok(bytes) => tracing::info!(bytes, "a backup was made"),
            Err(error) => tracing::warn!(%error, "a backup could not be made"),
        }
    });
    receiver
}

fn write(source: &BackupSource, parts: Parts) -> io::Result<u64> {
    let mut tar = tar::Builder::new(parts);
    let copied = source.copy(&mut tar);
    if let Err(error) = &copied {
        let text = error.to_string();
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
        tar.take(Path::new(ERROR), bytes, &mut text.as_bytes())?;
    }
    tar.into_inner()?.flush()?;
    copied.map(|manifest| manifest.bytes())
}

impl<W: Write> Destination for tar::Builder<W> {
    fn take(&mut self, path: &Path, bytes: u64, content: &mut dyn Read) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(FILE_MODE);
        self.append_data(&mut header, path, content)
    }
}

/// Writes parts for the client.
struct Parts {
    sender: mpsc::Sender<Bytes>,
    runtime: Handle,
    stop: CancellationToken,
    part: BytesMut,
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PART_BYTES - self.part.len());
        self.part.extend_from_slice(&bytes[..taken]);
        if self.part.len() == PART_BYTES {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.part.is_empty() {
            return Ok(());
        }
        let part = self.part.split().freeze();
        self.part.reserve(PART_BYTES);
        let sent = self.runtime.block_on(async {
            tokio::select! {
                sent = self.sender.send_timeout(part, PART_TIME_MAX) => sent.is_ok(),
                () = self.stop.cancelled() => false,
            }
        });
        if sent {
            return Ok(());
        }
        let problem = match self.stop.is_cancelled() {
            true => "the host is stopping",
            false => "nobody takes it",
        };
        Err(io::Error::new(io::ErrorKind::BrokenPipe, problem))
    }
}
