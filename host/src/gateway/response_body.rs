//! The body of a response: the gateway's own words, or a component's answer.

use super::answers::AnswerBody;
use super::connections::Answering;
use crate::runtime::GuestBodyError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The body of a response.
#[derive(Default)]
pub struct ResponseBody {
    content: Content,
    /// Tells its connection what the client takes.
    answering: Option<Answering>,
}

#[derive(Default)]
enum Content {
    #[default]
    Empty,
    Whole(Full<Bytes>),
    Answer(Box<AnswerBody>),
}

impl ResponseBody {
    /// Takes the content away: the answer to a HEAD has a head that says what a GET would get.
    /// Answers the length, if a component did not say it already.
    pub(super) fn take_content(&mut self) -> Option<u64> {
        match std::mem::take(&mut self.content) {
            Content::Whole(body) => body.size_hint().exact(),
            Content::Empty | Content::Answer(_) => None,
        }
    }

    /// Says on which connection it goes out.
    pub(super) fn on(mut self, answering: Answering) -> Self {
        self.answering = Some(answering);
        self
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
        if let (Poll::Ready(Some(Ok(_))), Some(answering)) = (&polled, &this.answering) {
            answering.note_taken();
        }
        polled
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
