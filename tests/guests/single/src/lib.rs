//! What the guests of one version have in common.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use wasip2::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};

/// Makes the bindings of a component that exports something, from what `wit_bindgen` wants to know.
#[macro_export]
macro_rules! bindings {
    ($guest:ident, { $($options:tt)+ }) => {
        #[expect(
            unsafe_code,
            reason = "the component model's exports are C functions, which wit-bindgen writes"
        )]
        mod bindings {
            use super::$guest;

            wit_bindgen::generate!({ $($options)+ });

            export!($guest with_types_in self);
        }
    };
}

/// Makes the entry of a component from what it answers to a request.
#[macro_export]
macro_rules! server {
    ($request:ident => $answer:expr) => {
        #[wstd::http_server]
        async fn main(
            $request: wstd::http::Request<wstd::http::Body>,
        ) -> Result<wstd::http::Response<wstd::http::Body>, wstd::http::Error> {
            $answer
        }
    };
}

pub const GREED_BYTES: usize = 1 << 20;

/// Misbehaves as the word says; returns if the word says nothing.
pub fn misbehave(word: &str) {
    match word {
        "loop" => endless_loop(),
        "sleep" => std::thread::sleep(Duration::from_secs(86_400)),
        "panic" => panic!("a panic on demand"),
        "exit" => std::process::exit(0),
        "memory" => take_all_memory(),
        "recursion" => {
            black_box(dig(1));
        }
        _ => {}
    }
}

pub fn endless_loop() -> ! {
    let mut turns: u64 = 0;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Takes memory until the host refuses, which makes the allocator abort.
fn take_all_memory() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; GREED_BYTES]));
    }
}

/// Never returns. The use of its own result keeps the compiler from making a loop of it.
fn dig(depth: u64) -> u64 {
    match black_box(depth) {
        0 => 0,
        depth => dig(depth.wrapping_add(1)).wrapping_add(black_box(depth)),
    }
}

/// The number of calls of this in this instance, including this one.
pub fn count() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Relaxed) + 1
}

/// The last segment of a path, which says what to do.
pub fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Answers with a few bytes, by the plain bindings.
pub fn answer(outparam: ResponseOutparam, content: &[u8]) {
    let headers = [
        ("content-type", "text/plain; charset=utf-8".to_owned()),
        ("content-length", content.len().to_string()),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.into_bytes()));
    let fields = Fields::from_list(&headers).expect("the header fields are well-formed");
    let response = OutgoingResponse::new(fields);
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));
    let stream = body.write().expect("the stream is taken once");
    // A few bytes always fit; a client that has gone is no error.
    let _ = stream.check_write().and_then(|_| stream.write(content));
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
