//! The near end of a link: passes the last segment of the path to the callee, and returns its
//! answer. The status is 200 for an answer of the callee, and 503 for a call that failed.

use std::hint::black_box;

use wstd::http::{Body, Error, Request, Response, StatusCode};

wit_bindgen::generate!({
    path: ["../../../wit/store", "../wit"],
    world: "tests:echo/caller",
    generate_all,
});

use strongroom::store::sql::Transaction;
use tests::echo::echo::act;

/// The number of calls that the host refuses at once.
const REFUSED_CALLS: usize = 20_000;

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    let outcome = match single::last_segment(request.uri().path()) {
        "call-while-writing" => call_while_writing(1),
        "call-while-writing-again-and-again" => call_while_writing(REFUSED_CALLS),
        "call-for-ever" => loop {
            black_box(act("fine")).ok();
        },
        word => act(word),
    };
    let (status, text) = match outcome {
        Ok(text) => (StatusCode::OK, text),
        Err(text) => (StatusCode::SERVICE_UNAVAILABLE, text),
    };
    Ok(Response::builder().status(status).body(Body::from(text))?)
}

/// Returns the outcome of the last of `times` calls.
fn call_while_writing(times: usize) -> Result<String, String> {
    let transaction = Transaction::begin().map_err(|error| format!("{error:?}"))?;
    let mut outcome = Ok(String::new());
    for _call in 0..times {
        outcome = act("fine");
    }
    drop(transaction);
    outcome
}
