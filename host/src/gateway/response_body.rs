//! The body of a response: the gateway's own text, or what a component sends.
//!
//! What is handed out counts as not taken until it has left: the HTTP library holds it as long as
//! the client does not read.

use super::open_responses::{OpenResponse, OpenResponseBody};
use crate::connections::Responding;
use crate::runtime::GuestBodyError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

/// The body of a response.
#[derive(Default)]
pub struct ResponseBody {
    content: Content,
    /// Notes on the connection what the client takes.
    responding: Option<Arc<Responding>>,
}

#[derive(Default)]
enum Content {
    #[default]
    Empty,
    Whole(Full<Bytes>),
    Open(OpenResponseBody),
}

/// A piece of a body, until it has left.
struct Piece {
    bytes: Bytes,
    responding: Arc<Responding>,
    response: Option<Arc<OpenResponse>>,
}

impl ResponseBody {
    /// Takes the content away: the response to a HEAD has a head that says what a GET would get.
    /// Returns the length, unless the component's head has it already.
    pub(super) fn take_content(&mut self) -> Option<u64> {
        match std::mem::take(&mut self.content) {
            Content::Whole(body) => body.size_hint().exact(),
            Content::Empty | Content::Open(_) => None,
        }
    }

    /// Ties it to the connection that sends it.
    pub(super) fn sent_by(mut self, responding: Responding) -> Self {
        self.responding = Some(Arc::new(responding));
        self
    }

    fn held(&self, bytes: Bytes) -> Bytes {
        let Some(responding) = &self.responding else {
            return bytes;
        };
        let response = match &self.content {
            Content::Open(body) => Some(body.response()),
            Content::Empty | Content::Whole(_) => None,
        };
        Bytes::from_owner(Piece {
            bytes,
            responding: Arc::clone(responding),
            response,
        })
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let now = Instant::now();
        self.responding.note_taken(now);
        if let Some(response) = &self.response {
            response.note_taken(now);
        }
    }
}

impl From<Vec<u8>> for ResponseBody {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        Self {
            content: Content::Whole(Full::new(bytes)),
            responding: None,
        }
    }
}

impl From<OpenResponseBody> for ResponseBody {
    fn from(body: OpenResponseBody) -> Self {
        Self {
            content: Content::Open(body),
            responding: None,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = GuestBodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        let polled = match &mut this.content {
            Content::Empty => Poll::Ready(None),
            Content::Whole(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Content::Open(body) => Pin::new(body).poll_frame(cx),
        };
        if let Some(responding) = &this.responding {
            responding.set_pending(polled.is_pending());
        }
        polled.map_ok(|frame| frame.map_data(|bytes| this.held(bytes)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Empty => true,
            Content::Whole(body) => body.is_end_stream(),
            Content::Open(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Empty => SizeHint::with_exact(0),
            Content::Whole(body) => body.size_hint(),
            Content::Open(body) => body.size_hint(),
        }
    }
}
