//! Sees that the registry or a component's file was saved, and when else the registry must be read.
//!
//! The kernel reports most changes at once. A slow look at the files' metadata finds the others:
//! those on network file systems, behind links to other folders, and in folders that were replaced.
//! A file is taken when it has been quiet for a moment and no writer has it open any more, so that
//! none is taken half-written.

use super::kernel_watch::{FileEvents, FolderWatcher};
use super::swapper::Swapper;
use super::trigger::Trigger;
use crate::fingerprint::Fingerprint;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How long the files must be quiet.
const QUIET_TIME: Duration = Duration::from_millis(50);
/// How often the host looks at the files' metadata, and at the clock.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How often the host judges canaries.
const JUDGE_INTERVAL: Duration = Duration::from_secs(1);
/// A hung mount may keep the watches from being set; then the host starts without them.
const SET_TIME_MAX: Duration = Duration::from_secs(2);

/// Watches the registry and its components.
pub struct Watch {
    swapper: Arc<Swapper>,
    events: Arc<FileEvents>,
    watcher: SyncSender<Vec<PathBuf>>,
    /// The files' fingerprints when the registry was last read.
    taken: Fingerprints,
}

type Fingerprints = Vec<Option<Fingerprint>>;

impl Watch {
    /// Sets the kernel's watches. It reports each write to the files that begins after this; what
    /// was saved since is reloaded by [`Watch::run`].
    pub async fn set(swapper: Arc<Swapper>) -> Self {
        let events = Arc::new(FileEvents::default());
        let files = swapper.watched().borrow().clone();
        let watched = FolderWatcher::start(&events, files.clone());
        let set = async {
            // The sender is dropped when they are set, so the result does not matter.
            let _ = watched.first_is_set.await;
            fingerprints(&swapper, &files).await
        };
        let taken = tokio::time::timeout(SET_TIME_MAX, set).await;
        Self {
            taken: taken.unwrap_or_default(),
            swapper,
            events,
            watcher: watched.lists,
        }
    }

    /// Reloads what was saved, until `stop`; `hangup` is SIGHUP. Also judges canaries, and retries
    /// what was refused when the clock is trusted again.
    pub async fn run(self, hangup: Signal, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.watch_files(hangup) => {}
            // Not in one loop with the files: a change may take as long as a service's start.
            () = judge_canaries(&self.swapper) => {}
            () = watch_clock(&self.swapper) => {}
        }
    }

    async fn watch_files(&self, mut hangup: Signal) {
        let files = self.swapper.watched();
        let mut look = every(LOOK_INTERVAL);
        let mut taken = self.taken.clone();
        loop {
            let named = files.borrow().clone();
            // If the thread still sets an earlier list, the next turn sends this one.
            let _ = self.watcher.try_send(named.clone());
            tokio::select! {
                _ = hangup.recv() => {
                    tracing::info!("SIGHUP: reading the registry");
                    self.swapper.reload(Trigger::Signal).await;
                    continue;
                }
                _ = look.tick() => {}
                () = self.events.changed() => {}
            }
            let found = self.quiet_fingerprints(&named).await;
            if found != taken {
                taken = found;
                self.swapper.reload(Trigger::Saved).await;
            }
        }
    }

    /// The files' fingerprints, once no writer is at work.
    async fn quiet_fingerprints(&self, files: &[PathBuf]) -> Fingerprints {
        let mut before = fingerprints(&self.swapper, files).await;
        loop {
            tokio::time::sleep(QUIET_TIME).await;
            let now = fingerprints(&self.swapper, files).await;
            if now == before && !self.events.is_any_being_written() {
                return now;
            }
            before = now;
        }
    }
}

async fn fingerprints(swapper: &Swapper, files: &[PathBuf]) -> Fingerprints {
    let mut fingerprints = Vec::with_capacity(files.len());
    for file in files {
        fingerprints.push(swapper.files.fingerprint(file).await);
    }
    fingerprints
}

async fn judge_canaries(swapper: &Swapper) {
    let mut judge = every(JUDGE_INTERVAL);
    loop {
        judge.tick().await;
        swapper.judge_canaries();
    }
}

/// A service whose start has to write was refused while the clock was not trusted.
async fn watch_clock(swapper: &Swapper) {
    let mut look = every(LOOK_INTERVAL);
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

fn every(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
