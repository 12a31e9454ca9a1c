//! The body of a request, which may not have been read when its answer is ready.
//!
//! A refusal needs no body, and its client sends one all the same. A host that hangs up on it makes
//! the client's system throw the answer away (RFC 9112 section 9.6), and the client's next request
//! on that connection breaks. So what is left is read before the answer is sent, if it is little
//! and comes soon, and the connection lives on. Otherwise the answer says that the connection
//! closes, and the rest is read meanwhile, within bounds.
//!
//! A little body that its client withholds (`expect: 100-continue`) is asked for all the same:
//! Java's HttpClient, up to 17 at least, waits for ever when it gets another answer.

use crate::connections::Connection;
use bytes::Bytes;
use http::header::CONNECTION;
use http::request::Parts;
use http::{HeaderValue, Request, Response, Version};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// How much is read before the answer is sent, in bytes, and for how long. What a client sends
/// together with the head is there within milliseconds.
const DRAIN_BYTES_MAX: usize = 64 << 10;
const DRAIN_TIME_MAX: Duration = Duration::from_millis(500);
/// How much is read after it, in bytes, and for how long. It costs less than as many bytes of small
/// requests.
const LINGER_BYTES_MAX: usize = 16 << 20;
const LINGER_TIME_MAX: Duration = Duration::from_secs(5);

/// The body of a request.
pub struct ArrivingBody {
    incoming: Incoming,
    is_http1: bool,
}

impl ArrivingBody {
    /// Takes the body off a request.
    pub fn of(request: Request<Incoming>) -> (Parts, Self) {
        let (head, incoming) = request.into_parts();
        let body = Self {
            incoming,
            is_http1: head.version < Version::HTTP_2,
        };
        (head, body)
    }

    /// Whether there is none, or all of it was read.
    pub fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// What is left of it. Reading it has the client send it, if it is withheld.
    pub fn rest(&mut self) -> &mut Incoming {
        &mut self.incoming
    }

    /// Reads what is left, or prepares the answer for a connection that closes.
    pub async fn settle<B>(mut self, connection: &Arc<Connection>, answer: &mut Response<B>) {
        if self.is_end_stream() {
            return;
        }
        // In HTTP/2 a stream ends when its client has sent all, and the connection goes on.
        if self.is_http1 {
            let receiving = connection.begin_receiving();
            if !answer.headers().contains_key(CONNECTION) && self.drain().await {
                return;
            }
            drop(receiving);
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(CONNECTION, close);
        }
        // Dropped with the answer's head, when that has left.
        let rest = Arc::new(Rest(Some(self.incoming)));
        answer.extensions_mut().insert(rest);
    }

    /// Whether what is left is read before the answer is sent.
    async fn drain(&mut self) -> bool {
        let is_little = self.incoming.size_hint().lower() <= DRAIN_BYTES_MAX as u64;
        is_little && discard(&mut self.incoming, DRAIN_BYTES_MAX, DRAIN_TIME_MAX).await
    }
}

/// Reads and throws away; whether it came to the body's end.
async fn discard(body: &mut Incoming, bytes_max: usize, time_max: Duration) -> bool {
    let read = async {
        let mut left = bytes_max;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(bytes) {
                Some(rest) => left = rest,
                None => return false,
            }
        }
        true
    };
    tokio::time::timeout(time_max, read).await.unwrap_or(false)
}

/// What is read when the answer's head has left. Read before that, a large body that is withheld
/// would be asked for.
struct Rest(Option<Incoming>);

impl Drop for Rest {
    fn drop(&mut self) {
        let (Some(mut body), Ok(runtime)) = (self.0.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            // What comes of it does not matter.
            discard(&mut body, LINGER_BYTES_MAX, LINGER_TIME_MAX).await;
        });
    }
}
