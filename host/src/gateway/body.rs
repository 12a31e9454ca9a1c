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
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::WasiBody;

/// How long a client may take to send a body.
const READ_TIME_MAX: Duration = Duration::from_secs(30);

/// How much of a body that is too large is read all the same, in bytes, and for how long: a client that is still sending would else see
/// a broken connection instead of the answer.
const LINGER_BYTES_MAX: usize = 4 << 20;
const LINGER_TIME_MAX: Duration = Duration::from_secs(2);

/// How much all request bodies may take at once, in KiB (256 MiB).
const TOTAL_KIB_MAX: usize = 256 << 10;

/// The memory that all request bodies share.
#[derive(Clone)]
pub(super) struct BodyMemory(Arc<Semaphore>);

/// A part of it.
pub(super) struct BodyShare(
    #[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit,
);

impl BodyMemory {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(TOTAL_KIB_MAX)))
    }

    /// Room for the body that a request announces, or for the largest if it announces none.
    pub(super) fn reserve(
        &self,
        parts: &Parts,
        body: &Incoming,
        bytes_max: u64,
    ) -> Result<Option<BodyShare>, GatewayError> {
        if body.is_end_stream() {
            return Ok(None);
        }
        let bytes = announced_length(parts).map_or(bytes_max, |announced| announced.min(bytes_max));
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        match Arc::clone(&self.0).try_acquire_many_owned(kib) {
            Ok(share) => Ok(Some(BodyShare(share))),
            Err(_) => Err(GatewayError::Unavailable(
                "too many large requests at once; try again",
            )),
        }
    }
}

fn announced_length(parts: &Parts) -> Option<u64> {
    parts
        .headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Reads a request's body.
pub(super) async fn read(
    parts: &Parts,
    mut body: Incoming,
    bytes_max: u64,
) -> Result<WasiBody, GatewayError> {
    if body.is_end_stream() {
        return Ok(Empty::new().map_err(|never| match never {}).boxed_unsync());
    }
    if announced_length(parts).is_some_and(|announced| announced > bytes_max) {
        tokio::spawn(linger(body));
        return Err(GatewayError::PayloadTooLarge(bytes_max));
    }
    let limit = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let limited = Limited::new(&mut body, limit).collect();
    match tokio::time::timeout(READ_TIME_MAX, limited).await {
        Ok(Ok(collected)) => Ok(Full::new(collected.to_bytes())
            .map_err(|never| match never {})
            .boxed_unsync()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            tokio::spawn(linger(body));
            Err(GatewayError::PayloadTooLarge(bytes_max))
        }
        Ok(Err(_)) => Err(GatewayError::BadRequest(
            "the body broke off or is not framed as HTTP demands",
        )),
        Err(_) => Err(GatewayError::BodyTooSlow),
    }
}

/// Reads on while the answer is sent, and throws away, within bounds; what comes of it does not matter.
async fn linger(mut body: Incoming) {
    let discard = async {
        let mut left = LINGER_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(bytes) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    let _ = tokio::time::timeout(LINGER_TIME_MAX, discard).await;
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
