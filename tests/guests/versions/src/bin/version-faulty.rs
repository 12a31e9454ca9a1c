//! A version that fails as its configuration says under `fault`.

use std::time::Duration;

use wstd::http::{Body, Error, Request, Response, StatusCode};

wit_bindgen::generate!({
    path: "../../../wit/config",
    inline: "
        package tests:faulty;
        world faulty {
            import wasi:config/store@0.2.0-rc.1;
        }
    ",
    world: "tests:faulty/faulty",
    generate_all,
});

use wasi::config::store;

/// Much longer than an honest response takes.
const SLOWNESS: Duration = Duration::from_millis(40);

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    match store::get("fault").ok().flatten().as_deref() {
        Some("trap") => panic!("a panic on demand"),
        Some("error") => versions::text(StatusCode::INTERNAL_SERVER_ERROR, "faulty"),
        Some("slow") => {
            std::thread::sleep(SLOWNESS);
            versions::answer("faulty", request).await
        }
        _ => versions::answer("faulty", request).await,
    }
}
