//! A component that keeps every compute permit that it can get.

use wstd::http::{Body, Error, Request, Response};

wit_bindgen::generate!({
    path: "../../../wit/service",
    inline: "
        package tests:hoarder;
        world hoarder {
            import strongroom:service/compute@0.1.0;
        }
    ",
    world: "tests:hoarder/hoarder",
    generate_all,
});

use strongroom::service::compute::Permit;

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    if request.uri().path().ends_with("/hoard") {
        let mut hoard = Vec::new();
        loop {
            hoard.push(Permit::acquire());
        }
    }
    let answer = match Permit::acquire() {
        Some(_permit) => "a permit",
        None => "no permit",
    };
    Ok(Response::new(Body::from(answer)))
}
