//! The share that one client may have of what all use.

use crate::client::Client;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use tokio::sync::Semaphore;

/// With more clients than this, those that hold nothing are forgotten.
const CLIENTS_KNOWN_MAX: usize = 1_024;

/// A share for each client.
#[derive(Debug)]
pub struct ClientShares {
    units: usize,
    by_client: Mutex<HashMap<Client, Weak<Semaphore>>>,
}

impl ClientShares {
    /// Shares of so many units.
    pub fn new(units: usize) -> Self {
        Self {
            units,
            by_client: Mutex::default(),
        }
    }

    /// What is left of the shares of these clients.
    pub fn of_all(&self, clients: &[Client]) -> Vec<Arc<Semaphore>> {
        clients.iter().map(|client| self.of(*client)).collect()
    }

    /// What is left of a client's share.
    pub fn of(&self, client: Client) -> Arc<Semaphore> {
        let mut by_client = self.by_client.lock();
        if let Some(share) = by_client.get(&client).and_then(Weak::upgrade) {
            return share;
        }
        if by_client.len() >= CLIENTS_KNOWN_MAX {
            by_client.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new(self.units));
        by_client.insert(client, Arc::downgrade(&share));
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_has_taken_its_share_leaves_others_theirs() {
        let shares = ClientShares::new(2);
        let [ann, bob] = ["ann", "bob"].map(Client::of_subject);
        let taken = shares.of(ann).try_acquire_many_owned(2).unwrap();
        assert!(shares.of(ann).try_acquire_owned().is_err());
        assert!(shares.of(bob).try_acquire_owned().is_ok());
        drop(taken);
        assert!(shares.of(ann).try_acquire_owned().is_ok());
    }
}
