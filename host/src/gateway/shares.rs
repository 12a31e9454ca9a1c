//! The part that one client may have of what all use.

use crate::client::Client;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::Semaphore;

/// Above so many clients those who hold nothing are forgotten.
const CLIENTS_KNOWN_MAX: usize = 1_024;

/// A part for each client.
pub(super) struct Shares {
    part: usize,
    by_client: Mutex<HashMap<Client, Weak<Semaphore>>>,
}

impl Shares {
    /// A part of so many units for each.
    pub(super) fn new(part: usize) -> Self {
        Self {
            part,
            by_client: Mutex::default(),
        }
    }

    /// What is left of the parts of these clients.
    pub(super) fn of_all(&self, clients: &[Client]) -> Vec<Arc<Semaphore>> {
        clients.iter().map(|client| self.of(*client)).collect()
    }

    /// What is left of a client's part.
    fn of(&self, client: Client) -> Arc<Semaphore> {
        let mut by_client = self
            .by_client
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = by_client.get(&client).and_then(Weak::upgrade) {
            return share;
        }
        if by_client.len() >= CLIENTS_KNOWN_MAX {
            by_client.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new(self.part));
        by_client.insert(client, Arc::downgrade(&share));
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_has_taken_its_part_leaves_the_others_theirs() {
        let shares = Shares::new(2);
        let [ann, bob] = ["ann", "bob"].map(Client::of_subject);
        let taken = shares.of(ann).try_acquire_many_owned(2).unwrap();
        assert!(shares.of(ann).try_acquire_owned().is_err());
        assert!(shares.of(bob).try_acquire_owned().is_ok());
        drop(taken);
        assert!(shares.of(ann).try_acquire_owned().is_ok());
    }
}
