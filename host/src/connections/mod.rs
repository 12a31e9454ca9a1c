//! The open connections of a listener: how many there may be, of one address and in all.
//!
//! HTTP libraries bound single requests, but not a connection that sends none, or that does not
//! take the responses. A sweep over all of them, some times a second, needs no timer for each.

mod connection;
mod figures;

pub use connection::{Connection, Responding, Serving, TAKE_TIME_MAX};

use crate::client::customer;
use connection::milliseconds;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How often idle connections are looked for.
pub const SWEEP_INTERVAL: Duration = Duration::from_millis(250);

/// All open connections of a listener.
pub struct Connections {
    connections_max: usize,
    address_max: usize,
    table: Mutex<ConnectionTable>,
    closed: Notify,
    /// How many got no place, as their address had its share.
    refused: AtomicU64,
    started: Instant,
}

#[derive(Default)]
struct ConnectionTable {
    next_number: u64,
    by_number: HashMap<u64, Arc<Connection>>,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place, free again when it is dropped.
pub struct ConnectionPlace {
    connections: Arc<Connections>,
    number: u64,
    /// The connection that has it.
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
    /// An empty table for `connections_max` connections, of which one address may have
    /// `address_max`.
    pub fn new(connections_max: usize, address_max: usize) -> Arc<Self> {
        Arc::new(Self {
            connections_max,
            address_max,
            table: Mutex::default(),
            closed: Notify::new(),
            refused: AtomicU64::new(0),
            started: Instant::now(),
        })
    }

    /// Gives a place to a connection, which counts against the share of `address`, if any. Where
    /// none is free, the idlest connection loses its place.
    ///
    /// # Errors
    /// Why it gets none.
    pub fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<ConnectionPlace, NoPlace> {
        let address = address.map(customer);
        let mut table = self.table.lock();
        let of_address = address.and_then(|address| table.by_address.get(&address));
        if of_address.is_some_and(|count| *count >= self.address_max) {
            self.refused.fetch_add(1, Relaxed);
            return Err(NoPlace::AddressFull);
        }
        if table.by_number.len() >= self.connections_max {
            let idlest = table.idlest().ok_or(NoPlace::Full)?;
            table.remove(idlest);
        }
        let connection = Arc::new(Connection::new(address, self.started));
        Ok(ConnectionPlace {
            connections: Arc::clone(self),
            number: table.insert(Arc::clone(&connection)),
            connection,
        })
    }

    /// Waits until a place may be free: another connection closed, or it is time to look again.
    pub async fn wait_for_place(&self) {
        // Both ends of the wait mean the same.
        let _ = tokio::time::timeout(SWEEP_INTERVAL, self.closed.notified()).await;
    }

    /// Ends the connections that were idle for too long.
    pub fn sweep(&self) {
        let now_ms = milliseconds(self.started.elapsed());
        for connection in self.table.lock().by_number.values() {
            connection.check_idle(now_ms);
        }
    }

    /// Lets all connections finish what they have begun, and close.
    pub fn end_all(&self) {
        for connection in self.table.lock().by_number.values() {
            connection.end();
        }
    }
}

impl ConnectionTable {
    fn insert(&mut self, connection: Arc<Connection>) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        if let Some(address) = connection.address {
            *self.by_address.entry(address).or_default() += 1;
        }
        self.by_number.insert(number, connection);
        number
    }

    fn idlest(&self) -> Option<u64> {
        let idle = self.by_number.iter().filter_map(|(number, connection)| {
            let rank = connection.eviction_rank()?;
            Some((rank, *number))
        });
        idle.min().map(|(_, number)| number)
    }

    fn remove(&mut self, number: u64) {
        let Some(connection) = self.by_number.remove(&number) else {
            return;
        };
        connection.cut_off();
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
        self.connections.table.lock().remove(self.number);
        self.connections.closed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin_request(place: &ConnectionPlace) -> Serving {
        Arc::clone(&place.connection).begin_request(Instant::now())
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some([127, 0, 0, last].into())
    }

    fn admit(connections: &Arc<Connections>, last: u8) -> ConnectionPlace {
        connections.admit(address(last)).ok().unwrap()
    }

    fn is_lost(place: &ConnectionPlace) -> bool {
        place.connection.is_cut_off()
    }

    #[test]
    fn one_address_gets_no_more_than_its_share() {
        let connections = Connections::new(4, 2);
        let first = admit(&connections, 2);
        let _second = admit(&connections, 2);
        let refused = connections.admit(address(2)).err();
        assert_eq!(refused, Some(NoPlace::AddressFull));
        assert!(connections.admit(address(1)).is_ok());
        assert!(connections.admit(None).is_ok());
        drop(first);
        assert!(connections.admit(address(2)).is_ok());
    }

    #[test]
    fn a_newcomer_takes_the_place_of_the_idlest_and_of_nobody_busy() {
        let connections = Connections::new(3, 3);
        let held = [1, 2, 3].map(|last| admit(&connections, last));
        let busy = begin_request(&held[0]);
        drop(begin_request(&held[1]));
        let set_active = |place: &ConnectionPlace, at_ms| {
            place.connection.active_at_ms.store(at_ms, Relaxed);
        };
        set_active(&held[1], 2);
        set_active(&held[2], 1);
        let newcomer = admit(&connections, 4);
        set_active(&newcomer, 3);
        // The first is busy, and the second was lately.
        assert_eq!(held.each_ref().map(is_lost), [false, false, true]);
        let another = admit(&connections, 5);
        assert!(is_lost(&held[1]) && !is_lost(&newcomer));
        drop(busy);
        drop((newcomer, another));
        let _free = admit(&connections, 6);
        assert!(!is_lost(&held[0]), "two places were free");
    }

    #[test]
    fn what_still_arrives_makes_room_where_all_are_busy() {
        let connections = Connections::new(2, 2);
        let [first, second] = [1, 2].map(|last| admit(&connections, last));
        let _serving = [begin_request(&first), begin_request(&second)];
        assert_eq!(connections.admit(address(3)).err(), Some(NoPlace::Full));
        let _receiving = second.connection.begin_receiving();
        assert!(connections.admit(address(3)).is_ok());
        assert!(is_lost(&second) && !is_lost(&first));
    }

    /// Anyone can begin a request, and send no more of it.
    #[test]
    fn a_request_that_arrives_keeps_no_place_from_one_that_was_active_later() {
        let connections = Connections::new(2, 2);
        let receiving = admit(&connections, 1);
        let _serving = begin_request(&receiving);
        let _receiving = receiving.connection.begin_receiving();
        std::thread::sleep(Duration::from_millis(2));
        let idle = admit(&connections, 2);
        assert!(connections.admit(address(3)).is_ok());
        assert!(is_lost(&receiving) && !is_lost(&idle));
    }
}
