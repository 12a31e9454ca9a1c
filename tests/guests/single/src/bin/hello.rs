//! The smallest good component: it greets the caller. The tests use it as a neighbour of hostile
//! components, and the bench to measure the gateway itself, so it uses the plain bindings.

#![no_main]

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

struct Hello;

wasip2::http::proxy::export!(Hello);

impl Guest for Hello {
    fn handle(_: IncomingRequest, outparam: ResponseOutparam) {
        single::answer(outparam, b"hello");
    }
}
