//! Components in more than one version, for swaps: each answers with the name of its binary.
//!
//! - `version-a` and `version-b` differ by their names alone;
//! - `version-faulty` fails as its configuration says, for canaries;
//! - `asker-1` calls `quoter-1` or `quoter-1b` by a link;
//! - `asker-2` calls `quoter-2`: the interface has another type in version 2;
//! - `relay` stands between an asker and a quoter of version 1.
//!
//! A request can wait at a [`gate`] until the test opens it.

pub mod gate;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use wstd::http::body::{Bytes, Frame, HttpBody};
use wstd::http::{Body, Error, Request, Response, StatusCode};

/// Makes a component that answers with the name of its binary.
#[macro_export]
macro_rules! version {
    () => {
        single::server!(request => versions::answer(env!("CARGO_BIN_NAME"), request).await);
    };
}

/// Makes a callee of version 1.
#[macro_export]
macro_rules! quoter_1 {
    () => {
        single::bindings!(Quoter, {
            path: "wit/quotes-1",
            world: "quoter",
        });

        struct Quoter;

        impl bindings::exports::tests::quotes::quotes::Guest for Quoter {
            fn quote(gate: String) -> Result<String, String> {
                if !gate.is_empty() {
                    versions::gate::wait(&gate);
                }
                Ok(env!("CARGO_BIN_NAME").to_owned())
            }
        }

        versions::version!();
    };
}

/// Answers a request: the last two segments of its path say how.
pub async fn answer(
    version: &'static str,
    request: Request<Body>,
) -> Result<Response<Body>, Error> {
    let path = request.uri().path().to_owned();
    let mut segments = path.rsplit('/');
    let last = segments.next().unwrap_or_default();
    let before = segments.next().unwrap_or_default();
    match (before, last) {
        ("open", name) => {
            gate::open(name);
            text(StatusCode::OK, version)
        }
        ("held", name) => {
            gate::wait(name);
            text(StatusCode::OK, version)
        }
        ("held-body", name) => Ok(Response::new(Body::from_http_body(HeldBody {
            version,
            gate: name.to_owned(),
            pieces: 0,
        }))),
        (_, "length") => {
            let length = request.into_body().contents().await?.len();
            text(StatusCode::OK, &format!("{version} {length}"))
        }
        _ => text(StatusCode::OK, version),
    }
}

pub fn text(status: StatusCode, text: &str) -> Result<Response<Body>, Error> {
    let body = Body::from(text.to_owned());
    Ok(Response::builder().status(status).body(body)?)
}

/// A body that begins at once, and ends when a gate is open.
struct HeldBody {
    version: &'static str,
    gate: String,
    /// How many were sent.
    pieces: u8,
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match self.pieces {
            0 => format!("{} begins, ", self.version),
            1 => {
                gate::wait(&self.gate);
                format!("{} ends", self.version)
            }
            _ => return Poll::Ready(None),
        };
        self.pieces += 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(piece)))))
    }
}
