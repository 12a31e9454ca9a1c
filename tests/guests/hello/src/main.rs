//! The smallest good component: it answers `hello` to any request. It needs nothing but `wasi:http`.

use wstd::http::{Body, Error, Request, Response};

#[wstd::http_server]
async fn main(_request: Request<Body>) -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .header("content-type", "text/plain; charset=utf-8")
        .body(Body::from("hello"))?)
}
