//! A component that answers at once, and then continues as the last segment of the path says.

#![no_main]

use std::hint::black_box;
use std::time::Duration;

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

const ANSWER: &[u8] = b"fine";

struct Late;

wasip2::http::proxy::export!(Late);

impl Guest for Late {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        answer(outparam);
        match path.rsplit('/').next().unwrap_or_default() {
            "loop" => endless_loop(),
            "sleep" => std::thread::sleep(Duration::from_secs(86_400)),
            "panic" => panic!("a panic on demand"),
            _ => {}
        }
    }
}

fn answer(outparam: ResponseOutparam) {
    let length = ANSWER.len().to_string().into_bytes();
    let fields = Fields::from_list(&[("content-length".to_owned(), length)])
        .expect("the header field is well-formed");
    let response = OutgoingResponse::new(fields);
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(outparam, Ok(response));
    let stream = body.write().expect("the stream is taken once");
    // Four bytes always fit; a client that has gone is no error.
    let _ = stream.check_write().and_then(|_| stream.write(ANSWER));
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}

fn endless_loop() {
    let mut turns: u64 = 0;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}
