//! The open connections of a listener: how many there may be, of one address and in all, and which
//! of them have nothing to say for too long.
//!
//! HTTP libraries bound single requests, but not a connection that sends none, or that does not
//! take the answers. A look at all of them some times a second needs no timer for each.

use crate::client::customer;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long a client may take to send a request's head, and how long a connection of HTTP/1.1 may
/// send none.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a connection of HTTP/2 may have no stream. It costs more to open one than one of
/// HTTP/1.1, so it is kept longer.
const HTTP2_IDLE_MAX: Duration = Duration::from_secs(30);
/// How long a client may take nothing of any answer that waits for it.
pub const TAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// How much of an answer a client of HTTP/1.1 must take in that time, in bytes.
const TAKE_BYTES_MIN: usize = 10 << 10;
/// How long a connection may take to say goodbye.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(1);
/// How often all connections are looked at.
pub const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// All open connections of a listener.
pub struct Connections {
    connections_max: usize,
    address_max: usize,
    opened: Mutex<Opened>,
    closed: Notify,
    started: Instant,
}

#[derive(Default)]
struct Opened {
    next_number: u64,
    by_number: HashMap<u64, Arc<Connection>>,
    by_address: HashMap<IpAddr, usize>,
}

/// What is known of an open connection.
pub struct Connection {
    /// The address that it counts for, if for any.
    address: Option<IpAddr>,
    started: Instant,
    /// When a request or an answer last went on, in milliseconds since `started`.
    active_at_ms: AtomicU64,
    /// Requests that have no answer yet.
    serving: AtomicUsize,
    /// Those of them whose bodies have not arrived.
    receiving: AtomicUsize,
    /// Answers that the client has not taken to the end.
    answering: AtomicUsize,
    /// Those of them whose component has nothing to send yet.
    pending: AtomicUsize,
    is_http2: AtomicBool,
    /// Bytes that were written since it was last active.
    written: AtomicUsize,
    ending: CancellationToken,
    cut_off: CancellationToken,
}

/// A connection's place, free again when it is dropped.
pub struct ConnectionPlace {
    connections: Arc<Connections>,
    number: u64,
    pub connection: Arc<Connection>,
}

/// Why a connection gets no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPlace {
    /// Its address has as many as one may have.
    AddressFull,
    /// All are taken, and none is idle.
    Full,
}

impl Connections {
    pub fn new(connections_max: usize, address_max: usize) -> Arc<Self> {
        Arc::new(Self {
            connections_max,
            address_max,
            opened: Mutex::default(),
            closed: Notify::new(),
            started: Instant::now(),
        })
    }

    /// A place for a connection that counts for this address, if for any; where none is left, that
    /// of the idlest.
    ///
    /// # Errors
    /// Why it gets none.
    pub fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<ConnectionPlace, NoPlace> {
        let address = address.map(customer);
        let mut opened = self.lock();
        let of_address = address.and_then(|address| opened.by_address.get(&address));
        if of_address.is_some_and(|count| *count >= self.address_max) {
            return Err(NoPlace::AddressFull);
        }
        if opened.by_number.len() >= self.connections_max {
            let idlest = opened.idlest().ok_or(NoPlace::Full)?;
            opened.remove(idlest);
        }
        Ok(self.open(&mut opened, address))
    }

    fn open(self: &Arc<Self>, opened: &mut Opened, address: Option<IpAddr>) -> ConnectionPlace {
        let connection = Arc::new(Connection {
            address,
            started: self.started,
            active_at_ms: AtomicU64::new(milliseconds(self.started.elapsed())),
            serving: AtomicUsize::new(0),
            receiving: AtomicUsize::new(0),
            answering: AtomicUsize::new(0),
            pending: AtomicUsize::new(0),
            is_http2: AtomicBool::new(false),
            written: AtomicUsize::new(0),
            ending: CancellationToken::new(),
            cut_off: CancellationToken::new(),
        });
        let number = opened.next_number;
        opened.next_number += 1;
        opened.by_number.insert(number, Arc::clone(&connection));
        if let Some(address) = address {
            *opened.by_address.entry(address).or_default() += 1;
        }
        ConnectionPlace {
            connections: Arc::clone(self),
            number,
            connection,
        }
    }

    /// Waits until a place may be free: one was given back, or it is time to look again.
    pub async fn wait_for_place(&self) {
        // Whether it was given back or not: the next look says.
        let _ = tokio::time::timeout(LOOK_INTERVAL, self.closed.notified()).await;
    }

    /// Ends those that have nothing to say for too long.
    pub fn look(&self) {
        let now_ms = milliseconds(self.started.elapsed());
        for connection in self.lock().by_number.values() {
            connection.look(now_ms);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Opened> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opened {
    /// Of the connections for which no service works now, the one that was active the longest time
    /// ago: one without a request before one whose answer is on its way, and that before one whose
    /// request still arrives.
    fn idlest(&self) -> Option<u64> {
        let idle = self.by_number.iter().filter(|(_, connection)| {
            connection.serving.load(Relaxed) <= connection.receiving.load(Relaxed)
        });
        let idlest = idle.min_by_key(|(number, connection)| {
            let is_receiving = connection.receiving.load(Relaxed) > 0;
            let is_answering = connection.answering.load(Relaxed) > 0;
            let active_at_ms = connection.active_at_ms.load(Relaxed);
            (is_receiving, is_answering, active_at_ms, *number)
        });
        idlest.map(|(number, _)| *number)
    }

    fn remove(&mut self, number: u64) {
        let Some(connection) = self.by_number.remove(&number) else {
            return;
        };
        connection.cut_off.cancel();
        let Some(address) = connection.address else {
            return;
        };
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.connections.lock().remove(self.number);
        self.connections.closed.notify_one();
    }
}

impl Connection {
    /// A request has arrived; it is served until the guard is dropped or its answer begins.
    pub fn begin_request(self: &Arc<Self>) -> Serving {
        self.serving.fetch_add(1, Relaxed);
        self.note_activity();
        Serving(Arc::clone(self))
    }

    /// The body of a request arrives until the guard is dropped.
    pub fn begin_receiving(self: &Arc<Self>) -> Receiving {
        self.receiving.fetch_add(1, Relaxed);
        Receiving(Arc::clone(self))
    }

    /// Something of a request or an answer went on.
    pub fn note_activity(&self) {
        let now_ms = milliseconds(self.started.elapsed());
        self.active_at_ms.store(now_ms, Relaxed);
    }

    /// The client has begun to speak HTTP/2.
    pub fn note_http2(&self) {
        self.is_http2.store(true, Relaxed);
    }

    /// The client has taken bytes. A few say nothing; and in HTTP/2 most of them may be answers to
    /// its pings.
    pub fn note_written(&self, bytes: usize) {
        let written = self.written.fetch_add(bytes, Relaxed).saturating_add(bytes);
        if written >= TAKE_BYTES_MIN && !self.is_http2.load(Relaxed) {
            self.written.store(0, Relaxed);
            self.note_activity();
        }
    }

    /// Cancelled when it is to finish what it has begun, and to close.
    pub fn ending(&self) -> &CancellationToken {
        &self.ending
    }

    /// Cancelled when it is to close at once.
    pub fn cut_off(&self) -> &CancellationToken {
        &self.cut_off
    }

    fn look(&self, now_ms: u64) {
        // What is being served has bounds of its own.
        if self.serving.load(Relaxed) > 0 {
            return;
        }
        let idle_ms = now_ms.saturating_sub(self.active_at_ms.load(Relaxed));
        if self.answering.load(Relaxed) > 0 {
            let is_pending = self.pending.load(Relaxed) > 0;
            if !is_pending && idle_ms > milliseconds(TAKE_TIME_MAX) {
                self.cut_off.cancel();
            }
            return;
        }
        let idle_max = if self.is_http2.load(Relaxed) {
            HTTP2_IDLE_MAX
        } else {
            HEAD_TIME_MAX
        };
        if idle_ms > milliseconds(idle_max) {
            self.ending.cancel();
        }
        if idle_ms > milliseconds(idle_max + CLOSE_TIME_MAX) {
            self.cut_off.cancel();
        }
    }
}

/// A request of a connection, as long as it has no answer.
pub struct Serving(Arc<Connection>);

/// A request whose body arrives.
pub struct Receiving(Arc<Connection>);

/// An answer on a connection, until the client has taken it.
pub struct Answering {
    connection: Arc<Connection>,
    is_pending: AtomicBool,
}

impl Serving {
    /// The head of its answer is on its way.
    pub fn answer(self) -> Answering {
        self.0.answering.fetch_add(1, Relaxed);
        self.0.note_activity();
        Answering {
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

impl Answering {
    /// The client has taken something.
    pub fn note_taken(&self) {
        self.connection.note_activity();
    }

    /// Whether its component has nothing to send yet.
    pub fn set_pending(&self, is_pending: bool) {
        if self.is_pending.swap(is_pending, Relaxed) == is_pending {
            return;
        }
        self.connection.note_activity();
        if is_pending {
            self.connection.pending.fetch_add(1, Relaxed);
        } else {
            self.connection.pending.fetch_sub(1, Relaxed);
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.set_pending(false);
        self.connection.answering.fetch_sub(1, Relaxed);
        self.connection.note_activity();
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    #[test]
    fn one_address_gets_no_more_than_its_share() {
        let connections = Connections::new(4, 2);
        let first = connections.admit(Some(address(2))).ok();
        let _second = connections.admit(Some(address(2))).ok();
        let refused = connections.admit(Some(address(2))).err();
        assert_eq!(refused, Some(NoPlace::AddressFull));
        assert!(connections.admit(Some(address(1))).is_ok());
        assert!(connections.admit(None).is_ok());
        drop(first);
        assert!(connections.admit(Some(address(2))).is_ok());
    }

    #[test]
    fn a_newcomer_takes_the_place_of_the_idlest_and_of_nobody_busy() {
        let connections = Connections::new(3, 3);
        let held: Vec<_> = (0..3)
            .map(|_| connections.admit(None).ok().unwrap())
            .collect();
        let is_lost = |place: &ConnectionPlace| place.connection.cut_off().is_cancelled();
        let busy = held[0].connection.begin_request();
        drop(held[1].connection.begin_request());
        let set_active = |place: &ConnectionPlace, at_ms| {
            place.connection.active_at_ms.store(at_ms, Relaxed);
        };
        set_active(&held[1], 2);
        set_active(&held[2], 1);
        let newcomer = connections.admit(None).ok().unwrap();
        set_active(&newcomer, 3);
        assert_eq!(
            held.iter().map(is_lost).collect::<Vec<_>>(),
            [false, false, true],
            "the first is busy, the second was lately"
        );
        let another = connections.admit(None).ok().unwrap();
        assert!(is_lost(&held[1]) && !is_lost(&newcomer));
        drop(busy);
        drop((newcomer, another));
        let _free = connections.admit(None).ok().unwrap();
        assert!(!is_lost(&held[0]), "two places were free");
    }

    #[test]
    fn none_is_free_while_all_are_busy() {
        let connections = Connections::new(1, 1);
        let held = connections.admit(None).ok().unwrap();
        let busy = held.connection.begin_request();
        assert_eq!(connections.admit(None).err(), Some(NoPlace::Full));
        drop(busy);
        assert!(connections.admit(None).is_ok());
    }

    #[test]
    fn when_all_places_are_taken_the_idlest_goes() {
        let connections = Connections::new(2, 2);
        let busy = connections.admit(Some(address(1))).ok().unwrap();
        let _serving = busy.connection.begin_request();
        let idle = connections.admit(Some(address(2))).ok().unwrap();
        let third = connections.admit(Some(address(3))).ok().unwrap();
        assert!(idle.connection.cut_off().is_cancelled());
        assert!(!busy.connection.cut_off().is_cancelled());
        let serving = third.connection.begin_request();
        let refused = connections.admit(Some(address(4))).err();
        assert_eq!(refused, Some(NoPlace::Full));
        // What still arrives makes room for it.
        let _receiving = third.connection.begin_receiving();
        assert!(connections.admit(Some(address(4))).is_ok());
        assert!(third.connection.cut_off().is_cancelled());
        drop(serving);
    }

    #[test]
    fn a_client_that_takes_a_few_bytes_now_and_then_takes_nothing() {
        let connections = Connections::new(9, 9);
        let place = connections.admit(Some(address(1))).ok().unwrap();
        let _answering = place.connection.begin_request().answer();
        place.connection.active_at_ms.store(u64::MAX, Relaxed);
        let active_at_ms = || place.connection.active_at_ms.load(Relaxed);
        place.connection.note_written(TAKE_BYTES_MIN - 1);
        assert_eq!(active_at_ms(), u64::MAX);
        place.connection.note_written(1);
        assert_ne!(active_at_ms(), u64::MAX);
    }

    #[test]
    fn a_connection_without_requests_ends_and_one_that_takes_no_answer_is_cut_off() {
        let connections = Connections::new(9, 9);
        let after = |duration: Duration| milliseconds(duration) + 1_000_000;
        let [http1, http2, serving, answering, pending] = std::array::from_fn(|_| {
            let place = connections.admit(Some(address(1))).ok().unwrap();
            place.connection.active_at_ms.store(1_000_000, Relaxed);
            place
        });
        http2.connection.note_http2();
        let _serving = serving.connection.begin_request();
        let _answering = answering.connection.begin_request().answer();
        let waits_for_component = pending.connection.begin_request().answer();
        waits_for_component.set_pending(true);
        for place in [&http1, &http2, &serving, &answering, &pending] {
            place.connection.active_at_ms.store(1_000_000, Relaxed);
            place.connection.look(after(Duration::from_secs(12)));
        }
        assert!(http1.connection.ending().is_cancelled());
        assert!(http1.connection.cut_off().is_cancelled());
        assert!(!http2.connection.ending().is_cancelled());
        assert!(!serving.connection.ending().is_cancelled());
        assert!(answering.connection.cut_off().is_cancelled());
        assert!(!pending.connection.cut_off().is_cancelled());
        http2.connection.look(after(Duration::from_millis(30_500)));
        assert!(http2.connection.ending().is_cancelled());
        assert!(!http2.connection.cut_off().is_cancelled());
    }
}
