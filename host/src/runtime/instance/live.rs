//! What still exists of a generation: its live instances, and those who hold it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Counts the live instances of a generation.
#[derive(Debug, Clone, Default)]
pub struct LiveCount(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    instances: AtomicUsize,
    none_left: Notify,
}

/// A live instance: held as long as it lives.
#[derive(Debug)]
pub struct Alive(Arc<Count>);

impl LiveCount {
    /// How many instances live.
    pub fn get(&self) -> usize {
        self.0.instances.load(SeqCst)
    }

    /// Counts one more.
    pub fn begin(&self) -> Alive {
        self.0.instances.fetch_add(1, SeqCst);
        Alive(Arc::clone(&self.0))
    }

    /// Waits until no instance lives.
    pub async fn none(&self) {
        loop {
            let none_left = self.0.none_left.notified();
            tokio::pin!(none_left);
            none_left.as_mut().enable();
            if self.get() == 0 {
                return;
            }
            none_left.await;
        }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if self.0.instances.fetch_sub(1, SeqCst) == 1 {
            self.0.none_left.notify_waiters();
        }
    }
}

/// A part of a generation that signals when the last holder of the generation is gone.
pub struct DrainGuard {
    gone: CancellationToken,
    _guard: DropGuard,
}

/// Waits for the end of a generation, without holding it.
pub struct DrainWatch {
    gone: CancellationToken,
    live: LiveCount,
}

impl DrainGuard {
    pub fn begin() -> Self {
        let gone = CancellationToken::new();
        Self {
            _guard: gone.clone().drop_guard(),
            gone,
        }
    }

    pub fn drain_watch(&self, live: &LiveCount) -> DrainWatch {
        DrainWatch {
            gone: self.gone.clone(),
            live: live.clone(),
        }
    }
}

impl DrainWatch {
    /// Returns when no request, link call, or instance of the generation is left.
    pub async fn wait(&self) {
        self.gone.cancelled().await;
        self.live.none().await;
    }

    /// How many instances still live.
    pub fn instances_live(&self) -> usize {
        self.live.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_generation_has_departed_when_neither_a_holder_nor_an_instance_is_left() {
        let drain_guard = DrainGuard::begin();
        let live = LiveCount::default();
        let alive = live.begin();
        let drain_watch = drain_guard.drain_watch(&live);
        let mut wait = std::pin::pin!(drain_watch.wait());
        assert!(futures::poll!(wait.as_mut()).is_pending());
        drop(drain_guard);
        assert!(futures::poll!(wait.as_mut()).is_pending());
        drop(alive);
        wait.await;
    }
}
