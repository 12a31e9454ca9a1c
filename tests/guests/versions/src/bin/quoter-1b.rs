//! Version 1 of a callee, mended: the interface is the same.

use wstd::http::{Body, Error, Request, Response};

#[expect(
    unsafe_code,
    reason = "the component model's exports are C functions, which wit-bindgen writes"
)]
mod bindings {
    use super::Quoter;

    wit_bindgen::generate!({
        path: "wit/quotes-1",
        world: "quoter",
    });

    export!(Quoter with_types_in self);
}

use bindings::exports::tests::quotes::quotes::Guest;

struct Quoter;

impl Guest for Quoter {
    fn quote(gate: String) -> Result<String, String> {
        if !gate.is_empty() {
            versions::gate::wait(&gate);
        }
        Ok("quoter-1b".to_owned())
    }
}

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    versions::answer("quoter-1b", request).await
}
