//! Sees that the registry or a component's file was saved.
//!
//! The kernel tells of changes at once; a slow look at the files' metadata finds those that it does not tell of (network
//! file systems, links to other folders, folders that were replaced). A file is taken when it has been quiet for a moment and nobody
//! has it open for writing any more, so that none is taken half-written.

use super::swapper::Swapper;
use super::trigger::Trigger;
use crate::fingerprint::Fingerprint;
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::{HashMap, HashSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::signal::unix::Signal;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long the files must be quiet.
const QUIET_TIME: Duration = Duration::from_millis(50);
/// How long a writer may keep a file open without writing to it; then it is taken as it is.
const OPEN_TIME_MAX: Duration = Duration::from_secs(30);
/// How often the files' metadata are looked at, and the clock.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How often canaries are judged.
const JUDGE_INTERVAL: Duration = Duration::from_secs(1);

/// What the kernel tells of the watched files.
#[derive(Default)]
struct Tidings {
    files: Mutex<HashSet<PathBuf>>,
    /// Files that somebody is writing to, and when they last did.
    being_written: Mutex<HashMap<PathBuf, Instant>>,
    changed: Notify,
}

impl Tidings {
    fn take(&self, event: &Event) {
        if event.need_rescan() {
            // Events were lost, and with them perhaps the end of a write.
            self.being_written
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
            self.changed.notify_one();
        }
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut being_written = self
            .being_written
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for path in event.paths.iter().filter(|path| files.contains(*path)) {
            match event.kind {
                EventKind::Modify(notify::event::ModifyKind::Data(_)) => {
                    being_written.insert(path.clone(), Instant::now());
                }
                EventKind::Access(AccessKind::Close(AccessMode::Write))
                | EventKind::Remove(_)
                | EventKind::Modify(notify::event::ModifyKind::Name(_)) => {
                    being_written.remove(path);
                }
                EventKind::Create(_) | EventKind::Modify(_) => {}
                _ => continue,
            }
            self.changed.notify_one();
        }
    }

    fn is_any_being_written(&self) -> bool {
        let mut being_written = self
            .being_written
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        being_written.retain(|_, last| last.elapsed() < OPEN_TIME_MAX);
        !being_written.is_empty()
    }
}

/// The kernel's watches: on the folders of the files, so that a file that is replaced is seen as well.
struct FolderWatcher {
    /// None where the kernel has no such thing, or no more of it.
    watcher: Option<RecommendedWatcher>,
    /// With their inodes: a watch ends with its folder, although another may come in that one's place.
    folders: HashMap<PathBuf, u64>,
}

impl FolderWatcher {
    /// Sets watches for each list of files that is sent, on a thread of its own: to set one on a hung mount does not come back.
    fn start(tidings: &Arc<Tidings>) -> SyncSender<Vec<PathBuf>> {
        let (sender, lists) = sync_channel::<Vec<PathBuf>>(1);
        let tidings = Arc::clone(tidings);
        let watch = move || {
            let mut watcher = Self::new(&tidings);
            for files in lists {
                watcher.watch(&files, &tidings);
            }
        };
        let thread = std::thread::Builder::new().name("watch".to_owned());
        if let Err(error) = thread.spawn(watch) {
            tracing::warn!(%error, "no thread for the kernel's watches; files are looked at every {LOOK_INTERVAL:?}");
        }
        sender
    }

    fn new(tidings: &Arc<Tidings>) -> Self {
        let tidings = Arc::clone(tidings);
        let watcher =
            notify::recommended_watcher(move |event: notify::Result<Event>| match event {
                Ok(event) => tidings.take(&event),
                // Events may have been lost: look at everything.
                Err(_) => tidings.changed.notify_one(),
            });
        let watcher = watcher.inspect_err(|error| {
            tracing::warn!(%error, "the kernel does not tell of saved files; they are looked at every {LOOK_INTERVAL:?}");
        });
        Self {
            watcher: watcher.ok(),
            folders: HashMap::new(),
        }
    }

    /// Watches these files, and no others.
    fn watch(&mut self, files: &[PathBuf], tidings: &Tidings) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let files: HashSet<PathBuf> = files
            .iter()
            .filter_map(|file| std::path::absolute(file).ok())
            .collect();
        let wanted: HashMap<PathBuf, u64> = files
            .iter()
            .filter_map(|file| {
                let folder = file.parent()?;
                let inode = std::fs::metadata(folder).ok()?.ino();
                Some((folder.to_owned(), inode))
            })
            .collect();
        *tidings.files.lock().unwrap_or_else(PoisonError::into_inner) = files;
        self.folders.retain(|folder, inode| {
            let is_kept = wanted.get(folder) == Some(inode);
            if !is_kept {
                // An error says that the watch has ended already.
                let _ = watcher.unwatch(folder);
            }
            is_kept
        });
        for (folder, inode) in wanted {
            if self.folders.contains_key(&folder) {
                continue;
            }
            match watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.folders.insert(folder, inode);
                }
                Err(error) => {
                    tracing::debug!(folder = %folder.display(), %error, "the folder cannot be watched");
                }
            }
        }
    }
}

/// Watches the registry and its components, and has them taken, until `stop`; `hangup` is SIGHUP.
/// Judges canaries meanwhile, and tries again what was refused when the clock is trusted again.
pub async fn run(swapper: Arc<Swapper>, hangup: Signal, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = watch_files(&swapper, hangup) => {}
        () = watch_canaries(&swapper) => {}
        () = watch_clock(&swapper) => {}
    }
}

/// Apart from the files, since a change may take as long as a service's start.
async fn watch_canaries(swapper: &Swapper) {
    let mut judge = tokio::time::interval(JUDGE_INTERVAL);
    judge.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        judge.tick().await;
        swapper.judge_canaries();
    }
}

/// A service whose start has to write was refused while the clock was not trusted.
async fn watch_clock(swapper: &Swapper) {
    let mut look = tokio::time::interval(LOOK_INTERVAL);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
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

async fn watch_files(swapper: &Swapper, mut hangup: Signal) {
    let tidings = Arc::new(Tidings::default());
    let watcher = FolderWatcher::start(&tidings);
    let files = swapper.watched();
    let mut look = tokio::time::interval(LOOK_INTERVAL);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut taken = Vec::new();
    loop {
        let named = files.borrow().clone();
        // If it still sets those of an earlier list, the next turn sends this one.
        let _ = watcher.try_send(named.clone());
        tokio::select! {
            _ = hangup.recv() => {
                tracing::info!("SIGHUP: reading the registry");
                swapper.reload(Trigger::Signal).await;
                continue;
            }
            _ = look.tick() => {}
            () = tidings.changed.notified() => {}
        }
        let found = quiet_fingerprints(swapper, &named, &tidings).await;
        if found != taken {
            taken = found;
            swapper.reload(Trigger::Saved).await;
        }
    }
}

type Fingerprints = Vec<(PathBuf, Option<Fingerprint>)>;

/// The files' fingerprints, when nobody writes to them any more.
async fn quiet_fingerprints(
    swapper: &Swapper,
    files: &[PathBuf],
    tidings: &Tidings,
) -> Fingerprints {
    let mut before = fingerprints_of(swapper, files).await;
    loop {
        tokio::time::sleep(QUIET_TIME).await;
        let now = fingerprints_of(swapper, files).await;
        if now == before && !tidings.is_any_being_written() {
            return now;
        }
        before = now;
    }
}

async fn fingerprints_of(swapper: &Swapper, files: &[PathBuf]) -> Fingerprints {
    let mut fingerprints = Vec::with_capacity(files.len());
    for file in files {
        fingerprints.push((file.clone(), swapper.files.fingerprint(file).await));
    }
    fingerprints
}
