//! Answers that wait for their clients to take them.
//!
//! A component writes an answer as fast as the host takes it, up to a bound; so an answer that a
//! client does not take costs memory, and, if it is long, an instance. HTTP/2 lets a client ask for
//! hundreds and take none. So they are counted for each client, and given up when nothing of them
//! is taken.

use super::connections::TAKE_TIME_MAX;
use crate::client::Client;
use crate::runtime::{GuestBody, GuestBodyError};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// After how long an answer that was not taken is counted as waiting: those of honest clients take
/// milliseconds.
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
    began: Instant,
    is_waiting: AtomicBool,
    rest: Mutex<Rest>,
}

/// What was not taken yet.
struct Rest {
    /// None when it was given up.
    body: Option<GuestBody>,
    piece: Bytes,
    taken_at: Instant,
    waker: Option<Waker>,
}

/// The body of a component's answer.
pub struct AnswerBody {
    answers: Arc<Answers>,
    number: u64,
    answer: Arc<Answer>,
}

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

    /// Registers the answer to a client.
    pub(super) fn add(self: &Arc<Self>, client: Client, body: GuestBody) -> AnswerBody {
        let now = Instant::now();
        let answer = Arc::new(Answer {
            client,
            began: now,
            is_waiting: AtomicBool::new(false),
            rest: Mutex::new(Rest {
                body: Some(body),
                piece: Bytes::new(),
                taken_at: now,
                waker: None,
            }),
        });
        let mut table = self.lock();
        let number = table.next_number;
        table.next_number += 1;
        table.by_number.insert(number, Arc::clone(&answer));
        drop(table);
        AnswerBody {
            answers: Arc::clone(self),
            number,
            answer,
        }
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
            if answer.began.elapsed() > WAITS_AFTER && !answer.is_waiting.swap(true, Relaxed) {
                *waiting_by_client.entry(answer.client).or_default() += 1;
                self.waiting.fetch_add(1, Relaxed);
            }
            given_up.extend(answer.give_up_if_stalled());
        }
        drop(table);
        // Outside the lock, as an instance may end with it.
        for (body, waker) in given_up {
            drop(body);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    fn remove(&self, number: u64) {
        let mut table = self.lock();
        let Some(answer) = table.by_number.remove(&number) else {
            return;
        };
        if !answer.is_waiting.load(Relaxed) {
            return;
        }
        self.waiting.fetch_sub(1, Relaxed);
        if let Some(count) = table.waiting_by_client.get_mut(&answer.client) {
            *count -= 1;
            if *count == 0 {
                table.waiting_by_client.remove(&answer.client);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    fn give_up_if_stalled(&self) -> Option<(GuestBody, Option<Waker>)> {
        let mut rest = self.lock();
        // A component that has nothing to send yet is bounded by its own time.
        let is_taken = rest.waker.is_some() && rest.piece.is_empty();
        if is_taken || rest.taken_at.elapsed() <= TAKE_TIME_MAX {
            return None;
        }
        rest.piece = Bytes::new();
        let body = rest.body.take()?;
        Some((body, rest.waker.take()))
    }

    fn lock(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.answers.remove(self.number);
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = GuestBodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, GuestBodyError>>> {
        let mut rest = self.answer.lock();
        let Rest {
            body,
            piece,
            taken_at,
            waker,
        } = &mut *rest;
        let Some(body) = body else {
            return Poll::Ready(Some(Err(GuestBodyError::NotTaken)));
        };
        *taken_at = Instant::now();
        if piece.is_empty() {
            match Pin::new(body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => *piece = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                Poll::Ready(end) => return Poll::Ready(end),
                Poll::Pending => {
                    waker.clone_from(&Some(cx.waker().clone()));
                    return Poll::Pending;
                }
            }
        }
        *waker = None;
        let length = piece.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(Frame::data(piece.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        let rest = self.answer.lock();
        let body_ended = rest.body.as_ref().is_some_and(Body::is_end_stream);
        rest.piece.is_empty() && body_ended
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.answer.lock();
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
