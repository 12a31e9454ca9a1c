//! A component that misbehaves as the last segment of the path says. The tests use it to see that a
//! fault stays within its own request, and to see what a component gets from the gateway.

mod metrics;

use std::cell::RefCell;
use std::convert::Infallible;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use single::GREED_BYTES;
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{Fields, Method, OutgoingRequest};
use wasip2::io::poll::poll;
use wasip2::random::random::get_random_bytes;
use wstd::http::body::{Bytes, Frame, HttpBody};
use wstd::http::response::Builder;
use wstd::http::{Body, Error, HeaderMap, Request, Response, StatusCode};

/// The size of one piece of an endless body, in bytes.
const PIECE_BYTES: usize = 64 * 1024;
/// Larger than any sensible limit of a response, in bytes.
const HUGE_BODY_BYTES: u64 = 1024 * 1024 * 1024;
/// The size of one field of a flood of header fields, in bytes.
const FIELD_BYTES: usize = 100;
/// More header fields than any response has.
const HEADERS_FLOOD: usize = 10_000;
/// More random bytes than the host returns in one call.
const RANDOM_BYTES: u64 = 1 << 32;
/// More pollables than a copy into the host may have.
const POLLED_FLOOD: usize = 1_000_000;
/// More lines than the host's log takes of one request.
const LINES_FLOOD: usize = 20_000;
/// The time between two bytes of a response that trickles.
const TRICKLE_PAUSE: Duration = Duration::from_millis(100);

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    match single::last_segment(request.uri().path()) {
        "fine" => text("fine"),
        "trap" => panic!("a trap on demand"),
        "sleep" => sleep_for_a_day().await,
        "memory-32-mib" => take_some_memory(),
        "trap-in-body" => stream(Fault::Trap),
        "endless-body" => stream(Fault::Endless),
        "huge-body" => stream(Fault::Huge {
            left: HUGE_BODY_BYTES,
        }),
        "trickle" => stream(Fault::Trickle),
        "random" => take_all_randomness(),
        "poll" => poll_one_thing_a_million_times(),
        "handles" => take_all_handles(),
        "hundred-handles" => take_some_handles(),
        "keep-forty-handles" => text(&keep_handles(40).to_string()),
        "unsent-request" => text(&longest_parts()),
        "fields" => build_all_fields(),
        "many-headers" => many_headers(),
        "large-header" => large_header(),
        "log-flood" => flood_the_log(),
        "one-line" => one_line(),
        "outbound" => call_out(request.uri().query().unwrap_or("http://127.0.0.1:9/")).await,
        "socket" => text(&connect()),
        "outside" => text(&outside()),
        "count" => text(&single::count().to_string()),
        "status" => Ok(Response::builder()
            .status(request.uri().query().unwrap_or("200"))
            .body(Body::empty())?),
        "own-request-id" => own_request_id(),
        "echo" => Ok(Response::new(request.into_body())),
        "seen-headers" => text(&listing(request.headers())),
        word => {
            single::misbehave(word);
            Ok(Response::builder()
                .status(StatusCode::NOT_FOUND)
                .body(Body::empty())?)
        }
    }
}

fn text(content: &str) -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .header("content-type", "text/plain; charset=utf-8")
        .body(Body::from(content))?)
}

/// Waits without CPU time: only the wall clock can end it.
async fn sleep_for_a_day() -> Result<Response<Body>, Error> {
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

/// Asks in one call for enough to keep the host busy.
fn take_all_randomness() -> Result<Response<Body>, Error> {
    text(&get_random_bytes(RANDOM_BYTES).len().to_string())
}

/// Uses two handles alone, so that no limit on handles helps.
fn poll_one_thing_a_million_times() -> Result<Response<Body>, Error> {
    let far_away = subscribe_duration(u64::MAX);
    let now = subscribe_duration(0);
    let mut flood = vec![&far_away; POLLED_FLOOD];
    flood.push(&now);
    text(&poll(&flood).len().to_string())
}

/// Takes resources of the host, and drops none.
fn take_all_handles() -> Result<Response<Body>, Error> {
    let mut hoard = Vec::new();
    loop {
        hoard.push(Fields::new());
    }
}

/// Takes as many handles as a busy honest request needs at once.
fn take_some_handles() -> Result<Response<Body>, Error> {
    let hoard: Vec<Fields> = (0..100).map(|_| Fields::new()).collect();
    text(&format!("took {}", hoard.len()))
}

/// Keeps handles beyond the end of the call; returns how many the instance has kept.
fn keep_handles(count: usize) -> usize {
    thread_local! {
        static KEPT: RefCell<Vec<Fields>> = const { RefCell::new(Vec::new()) };
    }
    KEPT.with_borrow_mut(|kept| {
        kept.extend((0..count).map(|_| Fields::new()));
        kept.len()
    })
}

/// The longest method and authority, in bytes, that a request takes which is never sent.
fn longest_parts() -> String {
    let request = OutgoingRequest::new(Fields::new());
    let is_method = |length: &usize| {
        let method = Method::Other("M".repeat(*length));
        request.set_method(&method).is_ok()
    };
    let is_authority = |length: &usize| request.set_authority(Some(&"a".repeat(*length))).is_ok();
    let method = (1..PIECE_BYTES).take_while(is_method).last();
    let authority = (1..PIECE_BYTES).take_while(is_authority).last();
    format!("{method:?} {authority:?}")
}

/// Builds header fields until the host refuses, and returns how many bytes it took.
fn build_all_fields() -> Result<Response<Body>, Error> {
    let fields = Fields::new();
    let value = vec![b'x'; FIELD_BYTES];
    let mut taken = 0;
    while fields.append("x-flood", &value).is_ok() {
        taken += value.len();
    }
    text(&taken.to_string())
}

fn many_headers() -> Result<Response<Body>, Error> {
    let flood = |response: Builder, number| response.header(format!("x-flood-{number}"), "1");
    Ok((0..HEADERS_FLOOD)
        .fold(Response::builder(), flood)
        .body(Body::from("fine"))?)
}

fn large_header() -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .header("x-flood", "x".repeat(GREED_BYTES))
        .body(Body::from("fine"))?)
}

fn flood_the_log() -> Result<Response<Body>, Error> {
    for number in 0..LINES_FLOOD {
        println!("flood {number}");
    }
    text("flooded")
}

fn one_line() -> Result<Response<Body>, Error> {
    println!("an honest line");
    text("fine")
}

/// Sends a request, and returns its outcome.
async fn call_out(url: &str) -> Result<Response<Body>, Error> {
    let request = Request::get(url).body(Body::empty())?;
    let mut client = wstd::http::Client::new();
    client.set_connect_timeout(wstd::time::Duration::from_secs(5));
    match client.send(request).await {
        Ok(response) => text(&format!("status {}", response.status())),
        Err(error) => text(&format!("refused: {error:?}")),
    }
}

/// Opens a TCP connection, without the HTTP of the host.
fn connect() -> String {
    match std::net::TcpStream::connect("127.0.0.1:9") {
        Ok(_) => "connected".to_owned(),
        Err(error) => format!("refused: {:?}", error.kind()),
    }
}

/// Everything that it can see of the machine: environment, arguments, files.
fn outside() -> String {
    let environment: Vec<_> = std::env::vars().collect();
    let arguments: Vec<_> = std::env::args().collect();
    let files = std::fs::read_dir("/").map_or(0, Iterator::count);
    format!("{environment:?} {arguments:?} {files} files")
}

/// Answers with a header that only the gateway may set.
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

/// The fault after the head of the response.
enum Fault {
    Trap,
    Endless,
    Huge {
        left: u64,
    },
    /// A byte now and then, without an end.
    Trickle,
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
            Fault::Trap => panic!("a trap on demand"),
            Fault::Endless => piece(),
            Fault::Trickle => {
                std::thread::sleep(TRICKLE_PAUSE);
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
            }
            Fault::Huge { left: 0 } => Poll::Ready(None),
            Fault::Huge { left } => {
                *left = left.saturating_sub(PIECE_BYTES as u64);
                piece()
            }
        }
    }
}
