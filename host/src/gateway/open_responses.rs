//! Responses that their clients have not taken to the end.
//!
//! A component writes a response as fast as the host takes it, up to a bound; so a response that a
//! client does not take costs memory and, if it is long, an instance. HTTP/2 lets a client ask for
//! hundreds and take none. So the host counts them for each client until their last byte has left,
//! and cancels those of which nothing is taken.

use crate::client::Client;
use crate::connections::{Connection, TAKE_TIME_MAX};
use crate::runtime::{GuestBody, GuestBodyError};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// After how long a response of which nothing is taken counts as waiting: honest clients take
/// milliseconds.
const WAITS_AFTER: Duration = Duration::from_millis(250);
/// How many responses may wait for one client. Each is up to some 700 KiB.
const CLIENT_WAITING_MAX: usize = 32;
/// How many may wait in all. Above it, only a client for which none waits may ask for more.
const WAITING_MAX: usize = 128;
/// How many bytes are handed out at once. Taking is seen in pieces of this size.
const PIECE_BYTES: usize = 16 << 10;

/// All responses of components that are on their way.
#[derive(Default)]
pub(super) struct OpenResponses {
    next_number: AtomicU64,
    waiting: AtomicUsize,
    table: Mutex<ResponseTable>,
}

#[derive(Default)]
struct ResponseTable {
    by_number: HashMap<u64, Weak<OpenResponse>>,
    waiting_by_client: HashMap<Client, usize>,
}

/// A response of which some part is still here.
pub(super) struct OpenResponse {
    responses: Arc<OpenResponses>,
    number: u64,
    client: Client,
    is_waiting: AtomicBool,
    /// To be cut off if the client takes nothing: the HTTP/2 library cannot end a single stream.
    connection: Arc<Connection>,
    unsent: Mutex<Unsent>,
}

/// The part of a response that was not handed out yet.
struct Unsent {
    /// None when all was handed out, or the response was cancelled.
    body: Option<GuestBody>,
    piece: Bytes,
    /// When a part was last handed out, or has left.
    taken_at: Instant,
    /// Whether the component has nothing to send yet.
    is_pending: bool,
}

/// The body of a component's response.
pub struct OpenResponseBody(Arc<OpenResponse>);

impl OpenResponses {
    /// Whether so few responses wait for a client that it may ask for another.
    pub(super) fn has_room(&self, client: Client) -> bool {
        let waiting = self.waiting.load(Relaxed);
        if waiting == 0 {
            return true;
        }
        let table = self.table.lock();
        let own = table.waiting_by_client.get(&client).copied().unwrap_or(0);
        own == 0 || (own < CLIENT_WAITING_MAX && waiting < WAITING_MAX)
    }

    /// Registers the response to a client on a connection.
    pub(super) fn add(
        self: &Arc<Self>,
        client: Client,
        body: GuestBody,
        connection: &Arc<Connection>,
    ) -> OpenResponseBody {
        let response = Arc::new(OpenResponse {
            responses: Arc::clone(self),
            number: self.next_number.fetch_add(1, Relaxed),
            client,
            is_waiting: AtomicBool::new(false),
            connection: Arc::clone(connection),
            unsent: Mutex::new(Unsent {
                body: Some(body),
                piece: Bytes::new(),
                taken_at: Instant::now(),
                is_pending: false,
            }),
        });
        let mut table = self.table.lock();
        let handle = Arc::downgrade(&response);
        table.by_number.insert(response.number, handle);
        drop(table);
        OpenResponseBody(response)
    }

    /// Counts the responses that wait, and cancels those of which nothing is taken.
    pub(super) fn sweep(&self) {
        // The table is free again before any of them is dropped, as one removes itself from it.
        let open: Vec<_> = {
            let table = self.table.lock();
            table.by_number.values().filter_map(Weak::upgrade).collect()
        };
        for response in open {
            let untaken = response.untaken();
            let is_waiting = untaken > WAITS_AFTER;
            if response.is_waiting.swap(is_waiting, Relaxed) != is_waiting {
                let mut table = self.table.lock();
                self.count(&mut table.waiting_by_client, response.client, is_waiting);
            }
            if untaken > TAKE_TIME_MAX {
                response.connection.cut_off();
                let cancelled = response.unsent.lock().body.take();
                // Without the lock, as an instance may end with the body.
                drop(cancelled);
            }
        }
    }

    fn count(&self, by_client: &mut HashMap<Client, usize>, client: Client, is_waiting: bool) {
        if is_waiting {
            self.waiting.fetch_add(1, Relaxed);
            *by_client.entry(client).or_default() += 1;
            return;
        }
        self.waiting.fetch_sub(1, Relaxed);
        if let Some(count) = by_client.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                by_client.remove(&client);
            }
        }
    }
}

impl OpenResponse {
    /// Notes that a part of it left at `now`.
    pub(super) fn note_taken(&self, now: Instant) {
        self.unsent.lock().taken_at = now;
    }

    /// For how long the client has taken nothing of what there is.
    fn untaken(&self) -> Duration {
        let unsent = self.unsent.lock();
        // A component that has nothing to send yet has a time limit of its own.
        if unsent.is_pending {
            return Duration::ZERO;
        }
        unsent.taken_at.elapsed()
    }
}

impl Drop for OpenResponse {
    fn drop(&mut self) {
        let mut table = self.responses.table.lock();
        table.by_number.remove(&self.number);
        if self.is_waiting.load(Relaxed) {
            let by_client = &mut table.waiting_by_client;
            self.responses.count(by_client, self.client, false);
        }
    }
}

impl OpenResponseBody {
    /// The response, to be held as long as any part of it is here.
    pub(super) fn response(&self) -> Arc<OpenResponse> {
        Arc::clone(&self.0)
    }
}

impl Drop for OpenResponseBody {
    fn drop(&mut self) {
        // No more of it is wanted: its instance may end, although some of it is on its way.
        let mut unsent = self.0.unsent.lock();
        unsent.is_pending = false;
        let body = unsent.body.take();
        drop(unsent);
        drop(body);
    }
}

impl Body for OpenResponseBody {
    type Data = Bytes;
    type Error = GuestBodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, GuestBodyError>>> {
        let mut unsent = self.0.unsent.lock();
        let Unsent {
            body,
            piece,
            taken_at,
            is_pending,
        } = &mut *unsent;
        let Some(body) = body else {
            return Poll::Ready(Some(Err(GuestBodyError::NotTaken)));
        };
        *taken_at = Instant::now();
        if piece.is_empty() {
            let polled = Pin::new(body).poll_frame(cx);
            *is_pending = polled.is_pending();
            match polled {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => *piece = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                Poll::Ready(end) => return Poll::Ready(end),
                Poll::Pending => return Poll::Pending,
            }
        }
        let length = piece.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(Frame::data(piece.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        let unsent = self.0.unsent.lock();
        let body_ended = unsent.body.as_ref().is_some_and(Body::is_end_stream);
        unsent.piece.is_empty() && body_ended
    }

    fn size_hint(&self) -> SizeHint {
        let unsent = self.0.unsent.lock();
        let Some(body) = &unsent.body else {
            return SizeHint::default();
        };
        let in_hand = u64::try_from(unsent.piece.len()).unwrap_or(u64::MAX);
        let of_body = body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower().saturating_add(in_hand));
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(in_hand));
        }
        hint
    }
}
