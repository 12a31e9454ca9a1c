//! Bodies, in and out.
//!
//! A request's body is read whole, within its limit, before an instance is taken: a slow client holds a connection, never an instance.

use super::problem::GatewayError;
use crate::runtime::GuestBody;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use wasmtime_wasi_http::WasiBody;

/// How long a client may take to send a body.
const READ_TIME_MAX: Duration = Duration::from_secs(30);

/// Reads a request's body.
pub(super) async fn read(
    parts: &Parts,
    body: Incoming,
    bytes_max: u64,
) -> Result<WasiBody, GatewayError> {
    if body.is_end_stream() {
        return Ok(Empty::new().map_err(|never| match never {}).boxed_unsync());
    }
    let announced = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|announced| announced > bytes_max) {
        return Err(GatewayError::PayloadTooLarge(bytes_max));
    }
    let limit = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let collected = tokio::time::timeout(READ_TIME_MAX, Limited::new(body, limit).collect()).await;
    match collected {
        Ok(Ok(collected)) => Ok(Full::new(collected.to_bytes())
            .map_err(|never| match never {})
            .boxed_unsync()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(GatewayError::PayloadTooLarge(bytes_max))
        }
        Ok(Err(_)) => Err(GatewayError::BadRequest(
            "the body broke off or is not framed as HTTP demands",
        )),
        Err(_) => Err(GatewayError::BodyTooSlow),
    }
}

/// The body of a response: the gateway's own, or a guest's.
#[derive(Default)]
pub enum ResponseBody {
    /// Nothing.
    #[default]
    Empty,
    /// The gateway's own words.
    Whole(Full<Bytes>),
    /// What a component sends.
    Guest(Box<GuestBody>),
}

impl From<Vec<u8>> for ResponseBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Whole(Full::new(bytes.into()))
    }
}

impl From<GuestBody> for ResponseBody {
    fn from(body: GuestBody) -> Self {
        Self::Guest(Box::new(body))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = <GuestBody as Body>::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Whole(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Self::Guest(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(body) => body.is_end_stream(),
            Self::Guest(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole(body) => body.size_hint(),
            Self::Guest(body) => body.size_hint(),
        }
    }
}
