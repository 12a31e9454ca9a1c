//! What a guest prints becomes lines of the host's log, under the service's name and within bounds.

use crate::telemetry::CurrentRequest;
use bytes::Bytes;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// The longest line, in bytes; the rest of a longer one is cut off.
const LINE_BYTES_MAX: usize = 4 << 10;

/// A guest's own words, cut to what a line may have.
pub fn cut(mut text: String) -> String {
    if text.len() > LINE_BYTES_MAX {
        let end = text.floor_char_boundary(LINE_BYTES_MAX);
        text.truncate(end);
        text.push_str(" ..");
    }
    text
}

/// The log of one generation's guests.
#[derive(Clone)]
pub struct GuestLog(Arc<Shared>);

struct Shared {
    service: Arc<str>,
    lines_per_second_max: u64,
    started: Instant,
    second: AtomicU64,
    lines: AtomicU64,
}

impl GuestLog {
    pub fn new(service: Arc<str>, lines_per_second_max: u64) -> Self {
        Self(Arc::new(Shared {
            service,
            lines_per_second_max,
            started: Instant::now(),
            second: AtomicU64::new(0),
            lines: AtomicU64::new(0),
        }))
    }

    /// The name of the service.
    pub fn service(&self) -> &str {
        &self.0.service
    }

    /// The stream of one instance.
    pub fn stream(&self, name: &'static str) -> GuestStream {
        GuestStream {
            log: self.clone(),
            name,
            line: Arc::default(),
        }
    }

    fn line(&self, stream: &'static str, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end();
        if !text.is_empty() && self.admits_line() {
            tracing::info!(
                target: "guest",
                service = %self.0.service,
                stream,
                request_id = CurrentRequest::get().id(),
                "{text}"
            );
        }
    }

    /// Counts a line about the guest, also one of the host's own words, and returns whether there
    /// is room for it.
    pub fn admits_line(&self) -> bool {
        let shared = &self.0;
        let second = shared.started.elapsed().as_secs();
        if shared.second.swap(second, Relaxed) != second {
            let dropped = shared
                .lines
                .swap(0, Relaxed)
                .saturating_sub(shared.lines_per_second_max);
            if dropped > 0 {
                tracing::warn!(target: "guest", service = %shared.service, dropped, "lines of the guest were left out");
            }
        }
        shared.lines.fetch_add(1, Relaxed) < shared.lines_per_second_max
    }
}

/// A guest's standard output or error.
#[derive(Clone)]
pub struct GuestStream {
    log: GuestLog,
    name: &'static str,
    line: Arc<Mutex<Vec<u8>>>,
}

impl GuestStream {
    fn take(&self, bytes: &[u8]) {
        let mut line = self.line.lock();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE_BYTES_MAX.saturating_sub(line.len());
            line.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.log.line(self.name, &line);
                line.clear();
            }
        }
    }
}

impl IsTerminal for GuestStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for GuestStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LINE_BYTES_MAX)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for GuestStream {
    async fn ready(&mut self) {}
}

impl AsyncWrite for GuestStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
