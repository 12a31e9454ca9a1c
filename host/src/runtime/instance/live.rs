//! The end of a generation, for those who wait for it without holding it.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Waits for the end of a generation, without holding it.
pub struct DrainWatch {
    /// Cancelled when the last holder of the generation is gone.
    pub holders_gone: CancellationToken,
    /// The instances that live.
    pub live: TaskTracker,
}

impl DrainWatch {
    /// Returns when no request, link call, or instance of the generation is left.
    pub async fn wait(&self) {
        self.holders_gone.cancelled().await;
        self.live.close();
        self.live.wait().await;
    }

    /// How many instances still live.
    pub fn instances_live(&self) -> usize {
        self.live.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_generation_has_departed_when_neither_a_holder_nor_an_instance_is_left() {
        let holders = CancellationToken::new().drop_guard();
        let live = TaskTracker::new();
        let alive = live.token();
        let drain_watch = DrainWatch {
            holders_gone: holders.token().clone(),
            live,
        };
        let mut wait = std::pin::pin!(drain_watch.wait());
        assert!(futures::poll!(wait.as_mut()).is_pending());
        drop(holders);
        assert!(futures::poll!(wait.as_mut()).is_pending());
        drop(alive);
        wait.await;
    }
}
