//! A component that answers at once, and then continues as the last segment of the path says.

#![no_main]

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

struct Late;

wasip2::http::proxy::export!(Late);

impl Guest for Late {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        single::answer(outparam, b"fine");
        single::misbehave(single::last_segment(&path));
    }
}
