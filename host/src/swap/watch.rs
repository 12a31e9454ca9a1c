//! Sees that a file was saved or that the clock is trusted again, and has the registry read.
//!
//! The kernel reports most changes at once. A slow look at the files' metadata finds the others:
//! those on network file systems, behind links to other folders, and in folders that were replaced.
//! A file is taken when it has been quiet for a moment and no writer has it open any more, so that
//! none is taken half-written.

use super::kernel_watch::{FileEvents, FolderWatcher};
use super::swapper::Swapper;
use super::trigger::Trigger;
use crate::fingerprint::Fingerprint;
use crate::registry::Registry;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio::time::{Interval, MissedTickBehavior};

/// How long the files must be quiet.
const QUIET_TIME: Duration = Duration::from_millis(50);
/// How often the host looks at the files' metadata, and at the clock.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// A hung mount may keep the watches from being set; then the host starts without them.
const SET_TIME_MAX: Duration = Duration::from_secs(2);

/// Watches the registry and its components.
pub struct FileWatch {
    events: Arc<FileEvents>,
    watcher: SyncSender<Vec<PathBuf>>,
    /// The files' fingerprints when the registry was last read; empty to have it read.
    taken: Fingerprints,
}

type Fingerprints = Vec<Option<Fingerprint>>;

impl FileWatch {
    /// Sets the kernel's watches, which report each write to the files that begins after this.
    /// [`FileWatch::run`] reloads what was saved since, and what is not as in `registry`.
    pub async fn set(swapper: &Swapper, registry: &Registry) -> Self {
        let events = Arc::new(FileEvents::default());
        let files = swapper.watched();
        let watched = FolderWatcher::start(&events, files.clone());
        let set = async {
            // The sender is dropped when they are set, so the result does not matter.
            let _ = watched.first_is_set.await;
            let found = swapper.fingerprints(&files).await;
            swapper.is_registry(registry).await.then_some(found)
        };
        let taken = tokio::time::timeout(SET_TIME_MAX, set).await;
        Self {
            taken: taken.ok().flatten().unwrap_or_default(),
            events,
            watcher: watched.lists,
        }
    }

    /// Reloads the registry when it, or a component's file, was saved, and on SIGHUP.
    pub(super) async fn run(mut self, swapper: &Swapper, mut hangup: Signal) {
        let mut look = look_interval();
        loop {
            let named = swapper.watched();
            // If the thread still sets an earlier list, the next turn sends this one.
            let _ = self.watcher.try_send(named.clone());
            tokio::select! {
                _ = hangup.recv() => {
                    tracing::info!("SIGHUP: reading the registry");
                    swapper.reload(Trigger::Signal).await;
                }
                found = self.next_fingerprints(swapper, &named, &mut look) => {
                    if found != self.taken {
                        self.taken = found;
                        swapper.reload(Trigger::Saved).await;
                    }
                }
            }
        }
    }

    /// Waits for a change, or the time of a look; returns the files' fingerprints then.
    async fn next_fingerprints(
        &self,
        swapper: &Swapper,
        files: &[PathBuf],
        look: &mut Interval,
    ) -> Fingerprints {
        tokio::select! {
            _ = look.tick() => {}
            () = self.events.changed() => {}
        }
        self.quiet_fingerprints(swapper, files).await
    }

    /// The files' fingerprints, once no writer is at work.
    async fn quiet_fingerprints(&self, swapper: &Swapper, files: &[PathBuf]) -> Fingerprints {
        let mut before = swapper.fingerprints(files).await;
        loop {
            tokio::time::sleep(QUIET_TIME).await;
            let now = swapper.fingerprints(files).await;
            if now == before && !self.events.is_any_being_written() {
                return now;
            }
            before = now;
        }
    }
}

/// Retries what was refused when the clock is trusted again: a service whose start has to write is
/// refused while it is not.
pub(super) async fn clock(swapper: &Swapper) {
    let mut look = look_interval();
    let mut seen = 0;
    loop {
        look.tick().await;
        let recoveries = swapper.services().clock().recoveries();
        if recoveries != seen {
            seen = recoveries;
            swapper.reload(Trigger::Clock).await;
        }
    }
}

fn look_interval() -> Interval {
    let mut interval = tokio::time::interval(LOOK_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
