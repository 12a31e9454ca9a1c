//! A backup as the host sends it to the operator's command: a tar. One that fails breaks off.

use super::source::{BackupSource, Destination};
use crate::durable_file::FILE_MODE;
use bytes::{Bytes, BytesMut};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

/// How much is sent at once, in bytes.
const PART_BYTES: usize = 256 << 10;
/// How many parts may wait for the client.
const PARTS_WAITING_MAX: usize = 4;
/// A client may be so long behind this rate: until it has the last part of a store, the log of that
/// store grows.
const DELAY_MAX: Duration = Duration::from_secs(30);
/// In bytes a second.
const RATE_MIN: u64 = 1 << 20;

/// Sends a backup of a host, part by part, on a thread of its own, which holds `turn`. It ends
/// early, with an error, when the host does (`stop`), and when the client takes no more parts.
pub fn send(
    source: BackupSource,
    turn: OwnedSemaphorePermit,
    stop: CancellationToken,
) -> mpsc::Receiver<io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(PARTS_WAITING_MAX);
    let failed = sender.clone();
    let parts = Parts {
        sender,
        runtime: Handle::current(),
        stop,
        part: BytesMut::with_capacity(PART_BYTES),
        waited: Duration::ZERO,
        sent: 0,
    };
    tokio::task::spawn_blocking(move || {
        match write(&source, parts) {
            Ok(bytes) => tracing::info!(bytes, "a backup was made"),
            Err(error) => {
                tracing::warn!(%error, "a backup could not be made");
                // A client that has gone needs no error.
                let _ = failed.blocking_send(Err(error));
            }
        }
        drop(turn);
    });
    receiver
}

fn write(source: &BackupSource, parts: Parts) -> io::Result<u64> {
    let mut tar = tar::Builder::new(parts);
    let manifest = source.copy(&mut tar)?;
    tar.into_inner()?.flush()?;
    Ok(manifest.bytes())
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
    sender: mpsc::Sender<io::Result<Bytes>>,
    runtime: Handle,
    stop: CancellationToken,
    part: BytesMut,
    /// How long it has waited for the client.
    waited: Duration,
    sent: u64,
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
        self.sent += part.len() as u64;
        let due = DELAY_MAX + Duration::from_secs(self.sent / RATE_MIN);
        let time_max = due.saturating_sub(self.waited);
        let begun = Instant::now();
        let sent = self.runtime.block_on(async {
            tokio::select! {
                sent = self.sender.send_timeout(Ok(part), time_max) => sent.is_ok(),
                () = self.stop.cancelled() => false,
            }
        });
        self.waited += begun.elapsed();
        if sent {
            return Ok(());
        }
        let problem = match self.stop.is_cancelled() {
            true => "the host is stopping",
            false => "the client has gone, or takes less than 1 MiB a second",
        };
        Err(io::Error::new(io::ErrorKind::BrokenPipe, problem))
    }
}
