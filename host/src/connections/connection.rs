//! One open connection: what it does now, since when it does nothing, and whether it is to close.

use futures::task::AtomicWaker;
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::{Duration, Instant};

/// How long a client may take to send a request's head, and how long a connection of HTTP/1.1 may
/// send none.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a connection of HTTP/2 may have no stream. To open one costs more than in HTTP/1.1, so
/// it is kept longer.
const HTTP2_IDLE_MAX: Duration = Duration::from_secs(30);
/// How long a client may take nothing of any response that waits for it.
pub const TAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// How much of a response a client of HTTP/1.1 must take in that time, in bytes.
pub(super) const TAKE_BYTES_MIN: usize = 10 << 10;
/// How long a connection may take to close in an orderly way.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(1);

/// The stages of a connection's end. One that ends finishes what it has begun; one that is cut off
/// closes at once.
const ENDING: u8 = 1;
const CUT_OFF: u8 = 2;

/// The activity of an open connection.
pub struct Connection {
    /// The address whose share it counts against, if any.
    pub(super) address: Option<IpAddr>,
    /// When its listener started.
    epoch: Instant,
    /// When a request or a response last made progress, in milliseconds since `epoch`.
    pub(super) active_at_ms: AtomicU64,
    /// Requests that have no response yet.
    serving: AtomicUsize,
    /// Those of them whose bodies have not arrived.
    receiving: AtomicUsize,
    /// Responses that the client has not taken to the end.
    responding: AtomicUsize,
    /// Those of them whose component has nothing to send yet.
    pending: AtomicUsize,
    is_http2: AtomicBool,
    /// Bytes that were written since it was last active.
    written: AtomicUsize,
    /// 0, [`ENDING`], or [`CUT_OFF`]. The task looks at it each time it runs, so it is no
    /// cancellation token, which takes locks.
    stage: AtomicU8,
    task: AtomicWaker,
}

/// The order in which connections give up their places: the smallest goes first. That is one
/// without a response on its way, and of equal ones the one that was idle the longest. A request
/// that still arrives counts for nothing: anyone can begin one, and send no more of it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EvictionRank {
    is_responding: bool,
    active_at_ms: u64,
}

impl Connection {
    pub(super) fn new(address: Option<IpAddr>, epoch: Instant) -> Self {
        Self {
            address,
            epoch,
            active_at_ms: AtomicU64::new(milliseconds(epoch.elapsed())),
            serving: AtomicUsize::new(0),
            receiving: AtomicUsize::new(0),
            responding: AtomicUsize::new(0),
            pending: AtomicUsize::new(0),
            is_http2: AtomicBool::new(false),
            written: AtomicUsize::new(0),
            stage: AtomicU8::new(0),
            task: AtomicWaker::new(),
        }
    }

    /// Notes that a request arrived at `now`. The guard lives until its response has begun.
    pub fn begin_request(self: Arc<Self>, now: Instant) -> Serving {
        self.serving.fetch_add(1, Relaxed);
        self.note_activity(now);
        Serving(self)
    }

    /// Notes that a request's body arrives, until the guard is dropped.
    pub fn begin_receiving(self: &Arc<Self>) -> Receiving {
        self.receiving.fetch_add(1, Relaxed);
        Receiving(Arc::clone(self))
    }

    /// Notes that a request or a response made progress at `now`.
    pub fn note_activity(&self, now: Instant) {
        let now_ms = milliseconds(now.duration_since(self.epoch));
        self.active_at_ms.store(now_ms, Relaxed);
    }

    /// Notes that the client speaks HTTP/2.
    pub fn note_http2(&self) {
        self.is_http2.store(true, Relaxed);
    }

    /// Notes that the client has taken bytes. A few of them prove nothing, and in HTTP/2 most of
    /// them may be replies to pings.
    pub fn note_written(&self, bytes: usize) {
        let written = self.written.fetch_add(bytes, Relaxed).saturating_add(bytes);
        if written >= TAKE_BYTES_MIN && !self.is_http2.load(Relaxed) {
            self.written.store(0, Relaxed);
            self.note_activity(Instant::now());
        }
    }

    /// Lets the connection finish what it has begun, and close.
    pub fn end(&self) {
        self.enter(ENDING);
    }

    /// Closes the connection at once.
    pub fn cut_off(&self) {
        self.enter(CUT_OFF);
    }

    /// Waits until the connection is to finish. Only its own task may wait, as there is one waker.
    pub async fn until_ending(&self) {
        self.until(ENDING).await;
    }

    /// Waits until the connection is to close at once. Only its own task may wait.
    pub async fn until_cut_off(&self) {
        self.until(CUT_OFF).await;
    }

    /// Ends the connection if it was idle for too long.
    pub(super) fn check_idle(&self, now_ms: u64) {
        // A request that is being served has time limits of its own.
        if self.serving.load(Relaxed) > 0 {
            return;
        }
        let idle_ms = now_ms.saturating_sub(self.active_at_ms.load(Relaxed));
        if self.responding.load(Relaxed) > 0 {
            let is_pending = self.pending.load(Relaxed) > 0;
            if !is_pending && idle_ms > milliseconds(TAKE_TIME_MAX) {
                self.cut_off();
            }
            return;
        }
        let idle_max = if self.is_http2.load(Relaxed) {
            HTTP2_IDLE_MAX
        } else {
            HEAD_TIME_MAX
        };
        if idle_ms > milliseconds(idle_max + CLOSE_TIME_MAX) {
            self.cut_off();
        } else if idle_ms > milliseconds(idle_max) {
            self.end();
        }
    }

    /// How soon it gives its place to another connection. None while a service works for it.
    pub(super) fn eviction_rank(&self) -> Option<EvictionRank> {
        let receiving = self.receiving.load(Relaxed);
        (self.serving.load(Relaxed) <= receiving).then(|| EvictionRank {
            is_responding: self.responding.load(Relaxed) > 0,
            active_at_ms: self.active_at_ms.load(Relaxed),
        })
    }

    fn enter(&self, stage: u8) {
        if self.stage.fetch_max(stage, Relaxed) < stage {
            self.task.wake();
        }
    }

    fn has_entered(&self, stage: u8) -> bool {
        self.stage.load(Relaxed) >= stage
    }

    async fn until(&self, stage: u8) {
        poll_fn(|context| {
            if self.has_entered(stage) {
                return Poll::Ready(());
            }
            self.task.register(context.waker());
            // The stage may have begun just before the waker was there.
            if self.has_entered(stage) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// A request that has no response yet.
pub struct Serving(Arc<Connection>);

/// A request whose body arrives.
pub struct Receiving(Arc<Connection>);

/// A response that the client has not taken to the end.
pub struct Responding {
    connection: Arc<Connection>,
    is_pending: AtomicBool,
}

impl Serving {
    /// The connection that the request came by.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.0
    }

    /// Notes that the response's head is on its way since `now`.
    pub fn begin_response(&self, now: Instant) -> Responding {
        self.0.responding.fetch_add(1, Relaxed);
        self.0.note_activity(now);
        Responding {
            connection: Arc::clone(&self.0),
            is_pending: AtomicBool::new(false),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.serving.fetch_sub(1, Relaxed);
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.0.receiving.fetch_sub(1, Relaxed);
    }
}

impl Responding {
    /// Notes that the client took a part of the response at `now`.
    pub fn note_taken(&self, now: Instant) {
        self.connection.note_activity(now);
    }

    /// Notes whether the component has nothing to send yet.
    pub fn set_pending(&self, is_pending: bool) {
        if self.is_pending.swap(is_pending, Relaxed) == is_pending {
            return;
        }
        self.connection.note_activity(Instant::now());
        if is_pending {
            self.connection.pending.fetch_add(1, Relaxed);
        } else {
            self.connection.pending.fetch_sub(1, Relaxed);
        }
    }
}

impl Drop for Responding {
    fn drop(&mut self) {
        self.set_pending(false);
        self.connection.responding.fetch_sub(1, Relaxed);
        self.connection.note_activity(Instant::now());
    }
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
impl Connection {
    pub(super) fn is_cut_off(&self) -> bool {
        self.has_entered(CUT_OFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Arc<Connection> {
        Arc::new(Connection::new(None, Instant::now()))
    }

    fn begin_request(connection: &Arc<Connection>) -> Serving {
        Arc::clone(connection).begin_request(Instant::now())
    }

    #[test]
    fn a_client_that_takes_a_few_bytes_now_and_then_takes_nothing() {
        let connection = connection();
        let _responding = begin_request(&connection).begin_response(Instant::now());
        connection.active_at_ms.store(u64::MAX, Relaxed);
        let active_at_ms = || connection.active_at_ms.load(Relaxed);
        connection.note_written(TAKE_BYTES_MIN - 1);
        assert_eq!(active_at_ms(), u64::MAX);
        connection.note_written(1);
        assert_ne!(active_at_ms(), u64::MAX);
    }

    #[test]
    fn a_connection_without_requests_ends_and_one_that_takes_no_response_is_cut_off() {
        let all: [Arc<Connection>; 5] = std::array::from_fn(|_| connection());
        let [_http1, http2, serving, responding, pending] = &all;
        http2.note_http2();
        let _serving = begin_request(serving);
        let _responding = begin_request(responding).begin_response(Instant::now());
        let waits_for_component = begin_request(pending).begin_response(Instant::now());
        waits_for_component.set_pending(true);
        for connection in &all {
            connection.active_at_ms.store(1_000_000, Relaxed);
        }
        for (idle_ms, expected) in [
            (10_500, [ENDING, 0, 0, CUT_OFF, 0]),
            (12_000, [CUT_OFF, 0, 0, CUT_OFF, 0]),
            (30_500, [CUT_OFF, ENDING, 0, CUT_OFF, 0]),
        ] {
            let stages = all.each_ref().map(|connection| {
                connection.check_idle(1_000_000 + idle_ms);
                connection.stage.load(Relaxed)
            });
            assert_eq!(stages, expected, "idle for {idle_ms} ms");
        }
    }

    #[tokio::test]
    async fn who_waits_for_the_end_is_woken() {
        let connection = connection();
        let waiting = {
            let connection = Arc::clone(&connection);
            tokio::spawn(async move {
                connection.until_ending().await;
                connection.until_cut_off().await;
            })
        };
        for end in [Connection::end, Connection::cut_off] {
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
            end(&connection);
        }
        waiting.await.unwrap();
    }
}
