//! A body of pieces, made while it is sent.

use axum::body::{Body, Bytes, HttpBody};
use axum::{BoxError, Error};
use http_body::Frame;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The body of a response that is too large for memory. Each piece is made when the previous one
/// has gone out.
///
/// The response has no length. An error aborts it, so that no client takes it for whole.
pub fn body_of_pieces<I, E>(pieces: I) -> Body
where
    I: Iterator<Item = Result<Vec<u8>, E>> + Send + 'static,
    E: Into<BoxError> + 'static,
{
    let pieces = pieces.map(|piece| piece.map(Bytes::from).map_err(Error::new));
    Body::new(Pieces(Box::new(pieces)))
}

struct Pieces(Box<dyn Iterator<Item = Result<Bytes, Error>> + Send>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Poll::Ready(self.0.next().map(|piece| piece.map(Frame::data)))
    }
}
