//! The far end of a link: misbehaves as the call says. The tests use it to see that a fault reaches
//! the caller as a value, and no other service.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use wstd::http::{Body, Error, Request, Response};

#[expect(
    unsafe_code,
    reason = "the component model's exports are C functions, which wit-bindgen writes"
)]
mod bindings {
    use super::Callee;

    wit_bindgen::generate!({
        path: ["../../../wit/store", "../wit"],
        world: "tests:echo/callee",
        generate_all,
    });

    export!(Callee with_types_in self);
}

use bindings::exports::tests::echo::echo::Guest;

/// More bytes than one call may copy into the host.
const HUGE_ANSWER_BYTES: usize = 32 << 20;
/// The size of each allocation, in bytes.
const GREED_BYTES: usize = 1 << 20;

struct Callee;

impl Guest for Callee {
    fn act(behaviour: String) -> Result<String, String> {
        match behaviour.as_str() {
            "loop" => endless_loop(),
            "sleep" => std::thread::sleep(std::time::Duration::from_secs(86_400)),
            "panic" => panic!("a panic on demand"),
            "exit" => std::process::exit(0),
            "memory" => take_all_memory(),
            "recursion" => drop(dig(1)),
            "count" => return Ok(count().to_string()),
            "huge" => return Ok("x".repeat(HUGE_ANSWER_BYTES)),
            _ => {}
        }
        Ok(behaviour)
    }
}

fn endless_loop() {
    let mut turns: u64 = 0;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

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

/// The number of calls of `count` to this instance, including this one.
fn count() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Relaxed) + 1
}

#[wstd::http_server]
async fn main(_: Request<Body>) -> Result<Response<Body>, Error> {
    Ok(Response::new(Body::from("fine")))
}
