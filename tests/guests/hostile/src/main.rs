//! A component that misbehaves as the last segment of the request's path says. The tests use it to see that a fault stays
//! within its own request, and to see what the gateway hands to a component.

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

use wstd::http::body::{Bytes, Frame, HttpBody};
use wstd::http::{Body, Error, HeaderMap, Request, Response, StatusCode};

/// The size of one piece of an endless body, in bytes.
const PIECE_BYTES: usize = 64 * 1024;
/// How much memory is taken at a time until the limit stops it, in bytes.
const GREED_BYTES: usize = 1024 * 1024;
/// Larger than any sensible limit on a response, in bytes.
const HUGE_BODY_BYTES: u64 = 1024 * 1024 * 1024;

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    let behaviour = request
        .uri()
        .path()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    match behaviour.as_str() {
        "fine" => text("fine"),
        "trap" => trap(),
        "loop" => endless_loop(),
        "sleep" => sleep_for_ever().await,
        "memory" => take_all_memory(),
        "memory-32-mib" => take_some_memory(),
        "trap-in-body" => stream(Fault::Trap),
        "endless-body" => stream(Fault::Endless),
        "huge-body" => stream(Fault::Huge {
            left: HUGE_BODY_BYTES,
        }),
        "own-request-id" => own_request_id(),
        "echo" => Ok(Response::new(request.into_body())),
        "seen-headers" => text(&listing(request.headers())),
        _ => Ok(Response::builder()
            .status(StatusCode::NOT_FOUND)
            .body(Body::empty())?),
    }
}

fn text(content: &str) -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .header("content-type", "text/plain; charset=utf-8")
        .body(Body::from(content))?)
}

fn trap() -> Result<Response<Body>, Error> {
    panic!("a trap on demand")
}

fn endless_loop() -> Result<Response<Body>, Error> {
    let mut turns: u64 = 0;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Waits without using the processor: only the wall clock can end it.
async fn sleep_for_ever() -> Result<Response<Body>, Error> {
    wstd::task::sleep(wstd::time::Duration::from_secs(86_400)).await;
    text("awake")
}

/// Takes 32 MiB, which a roomy limit allows and a tight one does not.
fn take_some_memory() -> Result<Response<Body>, Error> {
    let hoard: Vec<Vec<u8>> = (0..32)
        .map(|_| black_box(vec![1_u8; GREED_BYTES]))
        .collect();
    text(&format!("took {}", hoard.len()))
}

/// Takes memory until the host refuses, which makes the allocator abort.
fn take_all_memory() -> Result<Response<Body>, Error> {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; GREED_BYTES]));
    }
}

/// Answers with a header that is the gateway's to set.
fn own_request_id() -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .header("content-type", "text/plain; charset=utf-8")
        .header("x-request-id", "chosen-by-the-component")
        .body(Body::from("fine"))?)
}

/// One `name: value` line for each header, sorted.
fn listing(headers: &HeaderMap) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    lines.sort();
    lines.join("\n")
}

/// What goes wrong after the head of the response is sent.
enum Fault {
    Trap,
    Endless,
    Huge { left: u64 },
}

fn stream(fault: Fault) -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .header("content-type", "application/octet-stream")
        .body(Body::from_http_body(FaultyBody(fault)))?)
}

struct FaultyBody(Fault);

impl HttpBody for FaultyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = || Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; PIECE_BYTES])))));
        match &mut self.0 {
            Fault::Trap => {
                let _never = trap();
                Poll::Ready(None)
            }
            Fault::Endless => piece(),
            Fault::Huge { left: 0 } => Poll::Ready(None),
            Fault::Huge { left } => {
                *left = left.saturating_sub(PIECE_BYTES as u64);
                piece()
            }
        }
    }
}
