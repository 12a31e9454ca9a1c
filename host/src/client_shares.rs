//! The share that one client, or one service, may have of what all use.

use crate::client::Client;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Weak};
use tokio::sync::Semaphore;

/// With more holders than this, those that hold nothing are forgotten.
const HOLDERS_KNOWN_MAX: usize = 1_024;

/// A share for each holder.
#[derive(Debug)]
pub struct Shares<H> {
    units: usize,
    by_holder: Mutex<HashMap<H, Weak<Semaphore>>>,
}

/// A share for each client.
pub type ClientShares = Shares<Client>;

impl<H: Eq + Hash> Shares<H> {
    /// Shares of so many units.
    pub fn new(units: usize) -> Self {
        Self {
            units,
            by_holder: Mutex::default(),
        }
    }

    /// What is left of a holder's share.
    pub fn of(&self, holder: H) -> Arc<Semaphore> {
        let mut by_holder = self.by_holder.lock();
        if let Some(share) = by_holder.get(&holder).and_then(Weak::upgrade) {
            return share;
        }
        if by_holder.len() >= HOLDERS_KNOWN_MAX {
            by_holder.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new(self.units));
        by_holder.insert(holder, Arc::downgrade(&share));
        share
    }
}

impl ClientShares {
    /// What is left of the shares of these clients.
    pub fn of_all(&self, clients: &[Client]) -> Vec<Arc<Semaphore>> {
        clients.iter().map(|client| self.of(*client)).collect()
    }
}
