//! The first bytes of a connection. The server looks at them to tell HTTP/2 from HTTP/1.1, and would wait for them without end, so the
//! wait is bounded here: a connection that says nothing would keep its place for ever.

use super::listener::HEAD_TIME_MAX;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// What an HTTP/2 client says first (RFC 9113 section 3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long to wait for the rest of a preface that came in pieces: nothing says when more has arrived.
const PIECE_PAUSE: Duration = Duration::from_millis(20);

/// Whether the client says, in time, enough to tell its version.
pub(super) async fn arrives(stream: &TcpStream) -> bool {
    matches!(
        timeout(HEAD_TIME_MAX, tells_version(stream)).await,
        Ok(true)
    )
}

async fn tells_version(stream: &TcpStream) -> bool {
    let mut seen = [0; HTTP2_PREFACE.len()];
    loop {
        match stream.peek(&mut seen).await {
            Ok(0) | Err(_) => return false,
            Ok(length) if is_undecided(&seen[..length]) => sleep(PIECE_PAUSE).await,
            Ok(_) => return true,
        }
    }
}

fn is_undecided(seen: &[u8]) -> bool {
    seen.len() < HTTP2_PREFACE.len() && HTTP2_PREFACE.starts_with(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_beginning_of_the_preface_is_undecided() {
        assert!(is_undecided(b"P"));
        assert!(is_undecided(b"PRI * HTTP/2.0\r\n"));
        assert!(!is_undecided(HTTP2_PREFACE));
        assert!(!is_undecided(b"POST"));
        assert!(!is_undecided(b"GET / HTTP/1.1"));
    }
}
