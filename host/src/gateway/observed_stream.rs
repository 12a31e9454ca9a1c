//! A connection's stream, which notes whether the client speaks HTTP/2, and what it takes. It also
//! bounds how much of one connection is read at a time.

use crate::connections::Connection;
use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;

/// The first bytes of an HTTP/2 client (RFC 9113 section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How much is read for one unit of a task's budget, in bytes. Tokio gives a task 128 units for
/// each turn: so after 8 KiB other connections have theirs. Heads of HTTP/2 can cost a hundred
/// times their bytes, as one byte of them stands for a whole field.
const READ_BYTES_OF_UNIT: usize = 64;

/// A stream whose reads and writes are noted on its connection.
pub(super) struct ObservedStream<S> {
    stream: S,
    /// How many bytes of the preface have come; none once the version is known.
    preface: Option<usize>,
    connection: Arc<Connection>,
}

impl<S: Unpin> ObservedStream<S> {
    pub(super) fn new(stream: S, connection: Arc<Connection>) -> Self {
        Self {
            stream,
            preface: Some(0),
            connection,
        }
    }

    fn detect_version(&mut self, read: &[u8]) {
        let Some(begun) = self.preface else { return };
        let wanted = &HTTP2_PREFACE[begun..];
        let common = read.len().min(wanted.len());
        if read[..common] != wanted[..common] {
            self.preface = None;
        } else if common == wanted.len() {
            self.preface = None;
            self.connection.note_http2();
        } else {
            self.preface = Some(begun + common);
        }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut S> {
        Pin::new(&mut self.get_mut().stream)
    }

    fn note(&self, written: &Poll<Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = written {
            self.connection.note_written(*bytes);
        }
    }
}

/// Takes units of the task's budget. With none left, its next read or write waits for a new turn.
fn spend_budget(cx: &mut Context<'_>, units: usize) {
    for _ in 0..units {
        let Poll::Ready(unit) = coop::poll_proceed(cx) else {
            return;
        };
        unit.made_progress();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ObservedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let polled = self.as_mut().stream().poll_read(cx, buffer);
        let read = &buffer.filled()[before..];
        spend_budget(cx, read.len() / READ_BYTES_OF_UNIT);
        if self.preface.is_some() {
            self.detect_version(read);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ObservedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        let written = self.as_mut().stream().poll_write(cx, bytes);
        self.note(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = self.as_mut().stream().poll_write_vectored(cx, bytes);
        self.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::Connections;
    use futures::FutureExt as _;
    use tokio::io::AsyncReadExt as _;

    #[tokio::test]
    async fn a_client_that_sends_without_end_lets_others_have_their_turns() {
        let place = Connections::new(1, 1).admit(None).ok().unwrap();
        let endless = tokio::io::join(tokio::io::repeat(b'x'), tokio::io::sink());
        let mut stream = ObservedStream::new(endless, Arc::clone(&place.connection));
        let read_in_one_turn = tokio::spawn(async move {
            let (mut bytes, mut total) = ([0; 4 << 10], 0);
            while let Some(read) = stream.read(&mut bytes).now_or_never() {
                total += read.expect("it can be read");
            }
            total
        });
        assert_eq!(read_in_one_turn.await.unwrap(), 8 << 10);
    }
}
