//! Answers that wait for their clients to take them.
//!
//! A component writes an answer as fast as the host takes it, up to a bound; so an answer that a
//! client does not take costs memory, and, if it is long, an instance. HTTP/2 lets a client ask for
//! hundreds and take none. So they are counted for each client until their last byte has left, and
//! given up when nothing of them is taken.

use crate::client::Client;
use crate::connections::TAKE_TIME_MAX;
use crate::runtime::{GuestBody, GuestBodyError};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// After how long an answer of which nothing is taken is counted as waiting: those of honest
/// clients take milliseconds.
const WAITS_AFTER: Duration = Duration::from_millis(250);
/// How many answers may wait for one client. Each is up to some 700 KiB.
const CLIENT_WAITING_MAX: usize = 32;
/// How many may wait in all: then only clients for whom none waits may ask for more.
const WAITING_MAX: usize = 256;
/// How much is handed out at once, in bytes. What is taken in pieces of it is seen to be taken.
const PIECE_BYTES: usize = 16 << 10;

/// All answers of components that are on their way.
#[derive(Default)]
pub(super) struct Answers {
    waiting: AtomicUsize,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    next_number: u64,
    by_number: HashMap<u64, Arc<Answer>>,
    waiting_by_client: HashMap<Client, usize>,
}

struct Answer {
    client: Client,
    is_waiting: AtomicBool,
    /// Ends the connection: HTTP/2 of the host cannot end one stream whose client takes nothing.
    cut_off: CancellationToken,
    rest: Mutex<Rest>,
}

/// What was not handed out yet.
struct Rest {
    /// None when all was, or when it was given up.
    body: Option<GuestBody>,
    piece: Bytes,
    /// When something was last handed out, or has left.
    taken_at: Instant,
    /// Whether the component has nothing to send yet.
    is_pending: bool,
}

/// An answer's place in the table, as long as anything of it is here.
pub(super) struct Registration {
    answers: Arc<Answers>,
    number: u64,
    answer: Arc<Answer>,
}

/// The body of a component's answer.
pub struct AnswerBody(Arc<Registration>);

impl Answers {
    /// Whether so few answers wait for a client that it may ask for another.
    pub(super) fn has_room(&self, client: Client) -> bool {
        let waiting = self.waiting.load(Relaxed);
        if waiting == 0 {
            return true;
        }
        let table = self.lock();
        let own = table.waiting_by_client.get(&client).copied().unwrap_or(0);
        own == 0 || (own < CLIENT_WAITING_MAX && waiting < WAITING_MAX)
    }

    /// Registers the answer to a client, on a connection that this token cuts off.
    pub(super) fn add(
        self: &Arc<Self>,
        client: Client,
        body: GuestBody,
        cut_off: &CancellationToken,
    ) -> AnswerBody {
        let answer = Arc::new(Answer {
            client,
            is_waiting: AtomicBool::new(false),
            cut_off: cut_off.clone(),
            rest: Mutex::new(Rest {
                body: Some(body),
                piece: Bytes::new(),
                taken_at: Instant::now(),
                is_pending: false,
            }),
        });
        let mut table = self.lock();
        let number = table.next_number;
        table.next_number += 1;
        table.by_number.insert(number, Arc::clone(&answer));
        drop(table);
        AnswerBody(Arc::new(Registration {
            answers: Arc::clone(self),
            number,
            answer,
        }))
    }

    /// Counts those that wait, and gives up those of which nothing is taken.
    pub(super) fn look(&self) {
        let mut given_up = Vec::new();
        let mut table = self.lock();
        let Table {
            by_number,
            waiting_by_client,
            ..
        } = &mut *table;
        for answer in by_number.values() {
            let untaken = answer.untaken();
            let is_waiting = untaken > WAITS_AFTER;
            if answer.is_waiting.swap(is_waiting, Relaxed) != is_waiting {
                self.count(waiting_by_client, answer.client, is_waiting);
            }
            if untaken > TAKE_TIME_MAX {
                answer.cut_off.cancel();
                given_up.push(answer.lock().body.take());
            }
        }
        drop(table);
        // Outside the lock, as an instance may end with it.
        drop(given_up);
    }

    fn remove(&self, number: u64) {
        let mut table = self.lock();
        let Some(answer) = table.by_number.remove(&number) else {
            return;
        };
        if answer.is_waiting.load(Relaxed) {
            self.count(&mut table.waiting_by_client, answer.client, false);
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

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    /// For how long the client has taken nothing of what there is.
    fn untaken(&self) -> Duration {
        let rest = self.lock();
        // A component that has nothing to send yet is bounded by its own time.
        if rest.is_pending {
            return Duration::ZERO;
        }
        rest.taken_at.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registration {
    /// Something of it has left.
    pub(super) fn note_taken(&self) {
        self.answer.lock().taken_at = Instant::now();
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.answers.remove(self.number);
    }
}

impl AnswerBody {
    /// Its place in the table, to be held as long as anything of it.
    pub(super) fn registration(&self) -> Arc<Registration> {
        Arc::clone(&self.0)
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.0.answer.lock()
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        // No more of it is wanted, and its instance may go, although some of it is on its way.
        let mut rest = self.rest();
        rest.is_pending = false;
        let body = rest.body.take();
        drop(rest);
        drop(body);
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = GuestBodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, GuestBodyError>>> {
        let mut rest = self.rest();
        let Rest {
            body,
            piece,
            taken_at,
            is_pending,
        } = &mut *rest;
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
        let rest = self.rest();
        let body_ended = rest.body.as_ref().is_some_and(Body::is_end_stream);
        rest.piece.is_empty() && body_ended
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest();
        let Some(body) = &rest.body else {
            return SizeHint::default();
        };
        let in_hand = u64::try_from(rest.piece.len()).unwrap_or(u64::MAX);
        let of_body = body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower().saturating_add(in_hand));
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(in_hand));
        }
        hint
    }
}
