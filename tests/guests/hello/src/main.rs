//! The smallest good component: it greets the caller. The tests use it as a neighbour of hostile
//! components, and the bench to measure the gateway itself, so it uses the plain bindings.

#![no_main]

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

const GREETING: &[u8] = b"hello";

struct Hello;

wasip2::http::proxy::export!(Hello);

impl Guest for Hello {
    fn handle(_: IncomingRequest, outparam: ResponseOutparam) {
        let headers = [
            (
                "content-type".to_owned(),
                b"text/plain; charset=utf-8".to_vec(),
            ),
            (
                "content-length".to_owned(),
                GREETING.len().to_string().into_bytes(),
            ),
        ];
        let fields = Fields::from_list(&headers).expect("the header fields are well-formed");
        let response = OutgoingResponse::new(fields);
        let body = response.body().expect("the body is taken once");
        ResponseOutparam::set(outparam, Ok(response));
        let stream = body.write().expect("the stream is taken once");
        // Five bytes always fit; a client that has gone is no error.
        let _ = stream.check_write().and_then(|_| stream.write(GREETING));
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
    }
}
