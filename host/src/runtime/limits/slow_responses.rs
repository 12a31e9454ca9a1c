//! The places of responses that take long, mostly because their readers are slow.

use crate::client::Client;
use crate::client_shares::ClientShares;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of one generation. One client has half of them at most.
#[derive(Debug)]
pub struct SlowResponses {
    places: Arc<Semaphore>,
    shares: ClientShares,
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub struct SlowPlace(
    #[expect(dead_code, reason = "held until it is dropped")] [OwnedSemaphorePermit; 2],
);

impl SlowResponses {
    pub fn new(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            shares: ClientShares::new(places.div_ceil(2)),
        }
    }

    /// A place for a client's response, if there is one left for it.
    pub fn take(&self, client: Client) -> Option<SlowPlace> {
        let own = self.shares.of(client).try_acquire_owned().ok()?;
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(SlowPlace([own, place]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_takes_half_of_the_places() {
        let slow = SlowResponses::new(4);
        let [ann, bob] = ["ann", "bob"].map(Client::of_subject);
        let anns: Vec<_> = (0..3).map(|_| slow.take(ann)).collect();
        assert_eq!(anns.iter().flatten().count(), 2);
        let bobs = [slow.take(bob), slow.take(bob)];
        assert_eq!(bobs.iter().flatten().count(), 2);
        drop(anns);
        assert!(slow.take(ann).is_some());
    }
}
