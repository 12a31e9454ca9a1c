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
use wstd::http::{Body, Error, HeaderMap, Request, Response};

const TEXT: &str = "text/plain; charset=utf-8";
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
    let query = request.uri().query();
    match single::last_segment(request.uri().path()) {
        "fine" => text("fine"),
        "trap" => panic!("a trap on demand"),
        // Without CPU time: only the wall clock can end it.
        "sleep" => {
            wstd::task::sleep(wstd::time::Duration::from_secs(86_400)).await;
            text("awake")
        }
        // A roomy limit allows it, and a tight one does not.
        "memory-32-mib" => {
            let mebibyte = |_| black_box(vec![1_u8; GREED_BYTES]);
            let hoard: Vec<Vec<u8>> = (0..32).map(mebibyte).collect();
            text(&format!("took {}", hoard.len()))
        }
        "trap-in-body" => stream(Fault::Trap),
        "endless-body" => stream(Fault::Bytes(u64::MAX)),
        "huge-body" => stream(Fault::Bytes(HUGE_BODY_BYTES)),
        "trickle" => stream(Fault::Trickle),
        "random" => text(&get_random_bytes(RANDOM_BYTES).len().to_string()),
        "poll" => poll_one_thing_a_million_times(),
        "handles" => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(Fields::new());
            }
        }
        // As many as a busy honest request needs at once.
        "hundred-handles" => {
            let hoard: Vec<Fields> = (0..100).map(|_| Fields::new()).collect();
            text(&format!("took {}", hoard.len()))
        }
        "keep-forty-handles" => text(&keep_handles(40).to_string()),
        "unsent-request" => text(&longest_parts()),
        "fields" => build_all_fields(),
        "many-headers" => {
            let flood =
                |response: Builder, number| response.header(format!("x-flood-{number}"), "1");
            let response = (0..HEADERS_FLOOD).fold(Response::builder(), flood);
            Ok(response.body(Body::from("fine"))?)
        }
        "large-header" => with_header("x-flood", &"x".repeat(GREED_BYTES)),
        "log-flood" => {
            for number in 0..LINES_FLOOD {
                println!("flood {number}");
            }
            text("flooded")
        }
        "one-line" => {
            println!("an honest line");
            text("fine")
        }
        "outbound" => call_out(query.unwrap_or("http://127.0.0.1:9/")).await,
        "socket" => text(&connect()),
        "outside" => text(&outside()),
        "count" => text(&single::count().to_string()),
        "status" => empty(query.unwrap_or("200")),
        // Only the gateway may set it.
        "own-request-id" => with_header("x-request-id", "chosen-by-the-component"),
        "echo" => Ok(Response::new(request.into_body())),
        "seen-headers" => text(&listing(request.headers())),
        word => {
            single::misbehave(word);
            empty("404")
        }
    }
}

fn empty(status: &str) -> Result<Response<Body>, Error> {
    Ok(Response::builder().status(status).body(Body::empty())?)
}

fn with_header(name: &str, value: &str) -> Result<Response<Body>, Error> {
    let response = Response::builder().header("content-type", TEXT);
    Ok(response.header(name, value).body(Body::from("fine"))?)
}

fn text(content: &str) -> Result<Response<Body>, Error> {
    let response = Response::builder().header("content-type", TEXT);
    Ok(response.body(Body::from(content))?)
}

/// Uses two handles alone, so that no limit on handles helps.
fn poll_one_thing_a_million_times() -> Result<Response<Body>, Error> {
    let far_away = subscribe_duration(u64::MAX);
    let now = subscribe_duration(0);
    let mut flood = vec![&far_away; POLLED_FLOOD];
    flood.push(&now);
    text(&poll(&flood).len().to_string())
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
    /// How many are left.
    Bytes(u64),
    /// A byte now and then, without an end.
    Trickle,
}

fn stream(fault: Fault) -> Result<Response<Body>, Error> {
    let response = Response::builder().header("content-type", "application/octet-stream");
    Ok(response.body(Body::from_http_body(FaultyBody(fault)))?)
}

struct FaultyBody(Fault);

impl HttpBody for FaultyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match &mut self.0 {
            Fault::Trap => panic!("a trap on demand"),
            Fault::Trickle => {
                std::thread::sleep(TRICKLE_PAUSE);
                Bytes::from_static(b"x")
            }
            Fault::Bytes(0) => return Poll::Ready(None),
            Fault::Bytes(left) => {
                *left = left.saturating_sub(PIECE_BYTES as u64);
                Bytes::from(vec![b'x'; PIECE_BYTES])
            }
        };
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}
