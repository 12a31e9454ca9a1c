//! The body of a request, of which some may be unread when the response is ready.
//!
//! A refusal needs no body, but the client sends one. If the host then closes the connection, the
//! client's system drops the response (RFC 9112 section 9.6), and the client's next request fails.
//! So the host reads the rest before it responds, if that is small and arrives soon, and keeps the
//! connection. Otherwise the response says that the connection closes, and the host reads the rest
//! meanwhile, within bounds.
//!
//! A small body that the client withholds (`expect: 100-continue`) is requested all the same:
//! Java's HttpClient, up to 17 at least, waits without end when it gets any other response.

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

/// How much is read before the response is sent, in bytes, and for how long. What a client sends
/// together with the head arrives within milliseconds.
const DRAIN_BYTES_MAX: usize = 64 << 10;
const DRAIN_TIME_MAX: Duration = Duration::from_millis(500);
/// How much is read after it, in bytes, and for how long. It costs less than as many bytes of small
/// requests.
const LINGER_BYTES_MAX: usize = 16 << 20;
const LINGER_TIME_MAX: Duration = Duration::from_secs(5);

/// The body of a request, read or not.
pub struct ArrivingBody {
    incoming: Incoming,
    is_http1: bool,
}

impl ArrivingBody {
    /// Splits a request into head and body.
    pub fn of(request: Request<Incoming>) -> (Parts, Self) {
        let (head, incoming) = request.into_parts();
        let body = Self {
            incoming,
            is_http1: head.version < Version::HTTP_2,
        };
        (head, body)
    }

    /// Whether it is empty, or was read to its end.
    pub fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// The unread rest. To read it makes the client send it, if it is withheld.
    pub fn rest(&mut self) -> &mut Incoming {
        &mut self.incoming
    }

    /// Reads the rest, or makes the response one after which the connection closes.
    pub async fn finish<B>(mut self, connection: &Arc<Connection>, response: &mut Response<B>) {
        if self.is_end_stream() {
            return;
        }
        // In HTTP/2 only the stream ends, when its client has sent all.
        if self.is_http1 {
            let receiving = connection.begin_receiving();
            if !response.headers().contains_key(CONNECTION) && self.drain().await {
                return;
            }
            drop(receiving);
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        // Dropped with the response's head, when that has left.
        let unread = Arc::new(UnreadRest(Some(self.incoming)));
        response.extensions_mut().insert(unread);
    }

    /// Reads the rest, if it is small and arrives soon; returns whether it was.
    async fn drain(&mut self) -> bool {
        let is_small = self.incoming.size_hint().lower() <= DRAIN_BYTES_MAX as u64;
        is_small && discard(&mut self.incoming, DRAIN_BYTES_MAX, DRAIN_TIME_MAX).await
    }
}

/// Reads and throws away; returns whether it came to the body's end.
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

/// The rest that is read when the response's head has left. Read before that, it would make the
/// client send a large body that it withholds.
struct UnreadRest(Option<Incoming>);

impl Drop for UnreadRest {
    fn drop(&mut self) {
        let (Some(mut body), Ok(runtime)) = (self.0.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            // Whether it comes to the end does not matter.
            discard(&mut body, LINGER_BYTES_MAX, LINGER_TIME_MAX).await;
        });
    }
}
