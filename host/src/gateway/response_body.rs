//! The body of a response: the gateway's own words, or a component's answer.
//!
//! What is handed out counts as not taken until it has left: a transport holds it as long as its
//! client does not read.

use super::open_responses::{AnswerBody, Registration};
use crate::connections::Answering;
use crate::runtime::GuestBodyError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The body of a response.
#[derive(Default)]
pub struct ResponseBody {
    content: Content,
    /// Tells its connection what the client takes.
    answering: Option<Arc<Answering>>,
}

#[derive(Default)]
enum Content {
    #[default]
    Empty,
    Whole(Full<Bytes>),
    Answer(Box<AnswerBody>),
}

/// A piece of a body, until it has left.
struct Piece {
    bytes: Bytes,
    answering: Arc<Answering>,
    registration: Option<Arc<Registration>>,
}

impl ResponseBody {
    /// Takes the content away: the answer to a HEAD has a head that says what a GET would get.
    /// Returns the length, unless a component has said it already.
    pub(super) fn take_content(&mut self) -> Option<u64> {
        match std::mem::take(&mut self.content) {
            Content::Whole(body) => body.size_hint().exact(),
            Content::Empty | Content::Answer(_) => None,
        }
    }

    /// Says on which connection it goes out.
    pub(super) fn on(mut self, answering: Answering) -> Self {
        self.answering = Some(Arc::new(answering));
        self
    }

    fn held(&self, bytes: Bytes) -> Bytes {
        let Some(answering) = &self.answering else {
            return bytes;
        };
        let registration = match &self.content {
            Content::Answer(body) => Some(body.registration()),
            Content::Empty | Content::Whole(_) => None,
        };
        Bytes::from_owner(Piece {
            bytes,
            answering: Arc::clone(answering),
            registration,
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
        self.answering.note_taken();
        if let Some(registration) = &self.registration {
            registration.note_taken();
        }
    }
}

impl From<Vec<u8>> for ResponseBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            content: Content::Whole(Full::new(bytes.into())),
            answering: None,
        }
    }
}

impl From<AnswerBody> for ResponseBody {
    fn from(body: AnswerBody) -> Self {
        Self {
            content: Content::Answer(Box::new(body)),
            answering: None,
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
            Content::Answer(body) => Pin::new(body).poll_frame(cx),
        };
        if let Some(answering) = &this.answering {
            answering.set_pending(polled.is_pending());
        }
        polled.map_ok(|frame| frame.map_data(|bytes| this.held(bytes)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Empty => true,
            Content::Whole(body) => body.is_end_stream(),
            Content::Answer(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Empty => SizeHint::with_exact(0),
            Content::Whole(body) => body.size_hint(),
            Content::Answer(body) => body.size_hint(),
        }
    }
}
