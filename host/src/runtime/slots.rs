//! How many requests and link calls of a service run at once, how many of these may be slow answers, and how many may wait.

use crate::registry::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots of one generation.
pub(super) struct Slots {
    running: Arc<Semaphore>,
    slow_answers: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
    wait_max: Duration,
}

/// Too many wait already, or the wait was too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("all instances are busy")]
pub(super) struct QueueFull;

impl Slots {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            running: Arc::new(Semaphore::new(limits.instances)),
            slow_answers: Arc::new(Semaphore::new(limits.slow_answers())),
            waiting: AtomicUsize::new(0),
            waiting_max: limits.queue,
            wait_max: limits.timeout,
        }
    }

    /// The places of slow answers.
    pub(super) fn slow_answers(&self) -> Arc<Semaphore> {
        Arc::clone(&self.slow_answers)
    }

    /// Waits for a slot, within bounds; whoever asks is served in turn.
    pub(super) async fn take(&self) -> Result<OwnedSemaphorePermit, QueueFull> {
        if let Ok(slot) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(slot);
        }
        let place = Place(&self.waiting);
        if self.waiting.fetch_add(1, Relaxed) >= self.waiting_max {
            return Err(QueueFull);
        }
        let slot =
            tokio::time::timeout(self.wait_max, Arc::clone(&self.running).acquire_owned()).await;
        drop(place);
        slot.map_err(|_| QueueFull)?.map_err(|_| QueueFull)
    }
}

/// A place in the queue; given up when the one who waits goes away.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(wait_max: Duration) -> Slots {
        Slots::new(&Limits {
            instances: 1,
            queue: 1,
            timeout: wait_max,
            ..Limits::default()
        })
    }

    #[tokio::test]
    async fn more_than_may_wait_are_turned_away_at_once() {
        let slots = slots(Duration::from_secs(60));
        let running = slots.take().await.unwrap();
        let mut waiting = Box::pin(slots.take());
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        assert_eq!(slots.take().await.unwrap_err(), QueueFull);
        drop(running);
        drop(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn one_who_waits_too_long_is_turned_away() {
        let slots = slots(Duration::from_millis(10));
        let running = slots.take().await.unwrap();
        assert_eq!(slots.take().await.unwrap_err(), QueueFull);
        drop(running);
        drop(slots.take().await.unwrap());
    }

    #[tokio::test]
    async fn one_who_gives_up_leaves_the_queue() {
        let slots = slots(Duration::from_secs(60));
        let running = slots.take().await.unwrap();
        let mut gives_up = Box::pin(slots.take());
        assert!(futures::poll!(gives_up.as_mut()).is_pending());
        drop(gives_up);
        let mut waiting = Box::pin(slots.take());
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        drop(running);
        drop(waiting.await.unwrap());
    }
}
