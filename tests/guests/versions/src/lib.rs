//! Components in more than one version, for swaps: each answers with the version that it is.
//!
//! - `version-a` and `version-b` are the same but for the name;
//! - `version-faulty` does as its configuration says, and is for canaries;
//! - `asker-1` asks `quoter-1` or `quoter-1b` by a link, and `asker-2` asks `quoter-2`: the
//!   interface has another type in version 2;
//! - `relay` stands between an asker and a quoter of version 1.
//!
//! A request that is to be in flight for as long as a test likes waits at a [`gate`], which the
//! test opens.

pub mod gate;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use wstd::http::body::{Bytes, Frame, HttpBody};
use wstd::http::{Body, Error, Request, Response, StatusCode};

/// Answers a request: the last two segments of its path say how.
pub async fn answer(
    version: &'static str,
    request: Request<Body>,
) -> Result<Response<Body>, Error> {
    let path = request.uri().path().to_owned();
    let mut segments = path.rsplit('/');
    let (last, before) = (
        segments.next().unwrap_or_default(),
        segments.next().unwrap_or_default(),
    );
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
            state: State::Begins,
        }))),
        (_, "length") => {
            let length = request.into_body().contents().await?.len();
            text(StatusCode::OK, &format!("{version} {length}"))
        }
        _ => text(StatusCode::OK, version),
    }
}

/// A response of plain text.
pub fn text(status: StatusCode, text: &str) -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .status(status)
        .body(Body::from(text.to_owned()))?)
}

/// Begins at once, and ends when a gate is open.
struct HeldBody {
    version: &'static str,
    gate: String,
    state: State,
}

enum State {
    Begins,
    Held,
    Ended,
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match self.state {
            State::Begins => {
                self.state = State::Held;
                format!("{} begins, ", self.version)
            }
            State::Held => {
                gate::wait(&self.gate);
                self.state = State::Ended;
                format!("{} ends", self.version)
            }
            State::Ended => return Poll::Ready(None),
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(piece)))))
    }
}
