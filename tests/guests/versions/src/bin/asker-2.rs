//! Version 2 of a caller: answers with its own version and the callee's. The last segment of the
//! path after `held` names a gate at which the callee waits.

use wstd::http::{Body, Error, Request, Response, StatusCode};

wit_bindgen::generate!({
    path: "wit/quotes-2",
    world: "asker",
});

use tests::quotes::quotes::{Request as Question, quote};

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    let gate = request.uri().path().split_once("/held/");
    let gate = gate.map_or("", |(_, name)| name);
    match quote(&Question {
        gate: gate.to_owned(),
        times: 1,
    }) {
        Ok(version) => versions::text(StatusCode::OK, &format!("asker-2 {version}")),
        Err(reason) => versions::text(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}
