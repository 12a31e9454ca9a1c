//! The kernel's reports on the watched files.

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};

/// A writer that keeps a file open without writing counts for this long; then the file is taken.
const OPEN_TIME_MAX: Duration = Duration::from_secs(30);

/// What the kernel has reported of the watched files.
#[derive(Default)]
pub(super) struct FileEvents {
    seen: Mutex<SeenEvents>,
    changed: Notify,
}

#[derive(Default)]
struct SeenEvents {
    watched: HashSet<PathBuf>,
    /// Files that a writer has open, with the time of the last write.
    being_written: HashMap<PathBuf, Instant>,
}

impl FileEvents {
    /// Returns when a watched file has changed since the last call.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Whether a writer has one of the files open.
    pub(super) fn is_any_being_written(&self) -> bool {
        let mut seen = self.seen.lock();
        seen.being_written
            .retain(|_, last| last.elapsed() < OPEN_TIME_MAX);
        !seen.being_written.is_empty()
    }

    fn take(&self, event: &Event) {
        let mut seen = self.seen.lock();
        if event.need_rescan() {
            // Events were lost, perhaps the end of a write among them.
            seen.being_written.clear();
            self.changed.notify_one();
        }
        for path in &event.paths {
            if !seen.watched.contains(path) {
                continue;
            }
            match event.kind {
                EventKind::Modify(ModifyKind::Data(_)) => {
                    seen.being_written.insert(path.clone(), Instant::now());
                }
                EventKind::Access(AccessKind::Close(AccessMode::Write))
                | EventKind::Remove(_)
                | EventKind::Modify(ModifyKind::Name(_)) => {
                    seen.being_written.remove(path);
                }
                EventKind::Create(_) | EventKind::Modify(_) => {}
                _ => continue,
            }
            self.changed.notify_one();
        }
    }
}

/// The kernel's watches. They are on folders, so that the replacement of a file is seen as well.
pub(super) struct FolderWatcher {
    events: Arc<FileEvents>,
    /// None where the kernel has no watches, or none left.
    watcher: Option<RecommendedWatcher>,
    /// With their inodes: a watch ends with its folder, although another may take its place.
    folders: HashMap<PathBuf, u64>,
}

/// Sends lists of files to the thread of a [`FolderWatcher`].
pub(super) struct WatchedFiles {
    pub(super) lists: SyncSender<Vec<PathBuf>>,
    /// Ends when the first list is watched, or cannot be.
    pub(super) first_is_set: oneshot::Receiver<()>,
}

impl FolderWatcher {
    /// Watches `files`, and then each list of files that is sent, in place of the one before.
    ///
    /// On a thread of its own, since a hung mount blocks it.
    pub(super) fn start(events: &Arc<FileEvents>, files: Vec<PathBuf>) -> WatchedFiles {
        let (sender, lists) = sync_channel::<Vec<PathBuf>>(1);
        let (is_set, first_is_set) = oneshot::channel();
        let events = Arc::clone(events);
        let watch = move || {
            let mut watcher = Self::new(events);
            watcher.watch(&files);
            drop(is_set);
            for files in lists {
                watcher.watch(&files);
            }
        };
        let thread = std::thread::Builder::new().name("watch".to_owned());
        if let Err(error) = thread.spawn(watch) {
            tracing::warn!(%error, "the kernel's watches have no thread; the host looks at files");
        }
        WatchedFiles {
            lists: sender,
            first_is_set,
        }
    }

    fn new(events: Arc<FileEvents>) -> Self {
        let sink = Arc::clone(&events);
        let watcher =
            notify::recommended_watcher(move |event: notify::Result<Event>| match event {
                Ok(event) => sink.take(&event),
                // Events may have been lost: look at everything.
                Err(_) => sink.changed.notify_one(),
            });
        let watcher = watcher.inspect_err(|error| {
            tracing::warn!(%error, "no kernel's reports of saved files; the host looks at them");
        });
        Self {
            events,
            watcher: watcher.ok(),
            folders: HashMap::new(),
        }
    }

    /// Watches these files, and no others.
    fn watch(&mut self, files: &[PathBuf]) {
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
        self.events.seen.lock().watched = files;
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
                    let folder = folder.display();
                    tracing::debug!(%folder, %error, "the folder cannot be watched");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[tokio::test]
    async fn a_file_counts_as_being_written_from_its_first_write_until_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "old").unwrap();
        let events = Arc::new(FileEvents::default());
        let watched = FolderWatcher::start(&events, vec![path.clone()]);
        let _ = watched.first_is_set.await;
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(b"ne").unwrap();
        events.changed().await;
        assert!(events.is_any_being_written());
        drop(file);
        while events.is_any_being_written() {
            events.changed().await;
        }
    }
}
