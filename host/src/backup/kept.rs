//! A backup that follows the bank: the files of each store once, and from then on all that its log
//! gets.
//!
//! The manifest is replaced at each interval. What the logs have beyond it counts only with the
//! next one, so that all stores are of one moment. A log that starts over is another file, and a
//! log that has become larger than what it follows is reason for another backup.

use super::digested::hex;
use super::folder::FolderDestination;
use super::manifest::{self, CopiedFile, Manifest};
use super::named;
use super::restoration::now_ms;
use super::slow_disk::{TIME_MAX, in_time, too_slow};
use super::source::{BackupSource, Destination};
use super::with_name;
use crate::durable_file::{FOLDER_MODE, create_folder, open_to_append, replace};
use crate::metrics::{Figures, Page};
use crate::registry::BackupSpec;
use crate::runtime::Services;
use crate::store::{LogKeeper, LogPosition, log_of};
use parking_lot::{Mutex, MutexGuard};
use sha2::{Digest as _, Sha256};
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How much of a log is copied at once, in bytes.
const PART_BYTES: usize = 256 << 10;
/// Below this, in bytes, the logs are no reason for another backup.
const LOG_BYTES_MIN: u64 = 256 << 20;
/// How long at least until it begins anew after a failure: to copy all stores costs everybody.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(10);
/// How long a small file stays that another has replaced: a restoration that has begun copies it.
const REPLACED_KEPT: Duration = Duration::from_secs(10 * 60);
/// The name of the lock in the folder of a bank's backups.
const LOCK_NAME: &str = "lock";

/// The task that keeps a backup up to now, until the host stops.
pub struct BackupKeeper {
    until: Arc<KeptUntil>,
    task: JoinHandle<Option<KeptBackup>>,
}

impl BackupKeeper {
    /// Begins to keep a backup of the services. A failure is logged, and the next interval begins
    /// anew.
    pub fn begin(
        services: &Arc<Services>,
        registry: &Path,
        spec: BackupSpec,
        stop: &CancellationToken,
    ) -> Self {
        let until = Arc::<KeptUntil>::default();
        let task = keep(
            Arc::clone(services),
            registry.to_owned(),
            spec,
            Arc::clone(&until),
            stop.clone(),
        );
        Self {
            until,
            task: tokio::spawn(task),
        }
    }

    /// Says how old the backup is.
    pub fn figures(&self) -> Arc<dyn Figures> {
        Arc::clone(&self.until) as Arc<dyn Figures>
    }

    /// The backup, when the host has begun to stop. A disk that does not respond keeps no host
    /// from its end.
    pub async fn end(self) -> Option<KeptBackup> {
        let Ok(ended) = tokio::time::timeout(TIME_MAX, self.task).await else {
            tracing::warn!(error = %too_slow(), "the backup does not have what was committed last");
            return None;
        };
        ended.ok().flatten()
    }
}

/// The time to which there is a backup, in seconds since 1970 UTC.
#[derive(Debug, Default)]
struct KeptUntil(AtomicI64);

impl Figures for KeptUntil {
    fn write_to(&self, page: &mut Page) {
        page.gauge(
            "strongroom_kept_backup_timestamp_seconds",
            "The time to which the folder of `[host.backup]` has a backup; 0: there is none yet.",
            &[],
            self.0.load(Relaxed),
        );
    }
}

async fn keep(
    services: Arc<Services>,
    registry: PathBuf,
    spec: BackupSpec,
    until: Arc<KeptUntil>,
    stop: CancellationToken,
) -> Option<KeptBackup> {
    tokio::select! {
        () = services.settle() => {}
        () = stop.cancelled() => return None,
    }
    let mut kept: Option<KeptBackup> = None;
    loop {
        let turn = tokio::select! {
            biased;
            () = stop.cancelled() => return kept,
            turn = services.copying().acquire_owned() => turn.ok()?,
        };
        let begun_ms = now_ms();
        let stepped = match BackupSource::of(&services, &registry).await {
            Ok(source) => {
                let (folder, before, stopping) = (spec.folder.clone(), kept.take(), stop.clone());
                let step = move || step(&source, &folder, before, &stopping);
                tokio::task::spawn_blocking(step)
                    .await
                    .map_err(io::Error::other)
                    .flatten()
            }
            Err(error) => Err(error),
        };
        drop(turn);
        let pause = match stepped {
            Ok(stepped) => {
                until.0.store(begun_ms.div_euclid(1_000), Relaxed);
                kept = Some(stepped);
                spec.interval
            }
            // That one may only restart: its backup is the bank's.
            Err(error)
                if error
                    .get_ref()
                    .is_some_and(|error| error.is::<KeptByAnother>()) =>
            {
                tracing::error!(%error, "this host keeps no backup until its next start");
                return None;
            }
            Err(error) => {
                let folder = spec.folder.display();
                tracing::error!(%error, %folder, "the backup is not kept up; it begins anew");
                spec.interval.max(PAUSE_AFTER_FAILURE)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Brings a backup up to now, or begins another one.
fn step(
    source: &BackupSource,
    folder: &Path,
    before: Option<KeptBackup>,
    stop: &CancellationToken,
) -> io::Result<KeptBackup> {
    if let Some(mut kept) = before.filter(|kept| kept.still_follows(source)) {
        kept.bring_up_to(source, source.manifest())?;
        return Ok(kept);
    }
    // Each bank has a folder of its own there: none removes what is another's.
    let folder = folder.join(source.bank().to_string());
    let cleared = folder.clone();
    let lock = in_time(move || {
        create_folder(&cleared)?;
        let lock = lock(&cleared)?;
        remove_backups(&cleared, |backup| {
            !backup.join(manifest::FILE_NAME).exists()
        })?;
        Ok(lock)
    })?;
    // Otherwise the logs go on to fill the folder of the one before, and no manifest names that.
    let kept = KeptBackup::begin(source, &folder, lock, stop);
    let kept = kept.inspect_err(|_| source.end_keeping())?;
    // The new one replaces them.
    let now = kept.folder.clone();
    in_time(move || remove_backups(&folder, |backup| backup != now))?;
    Ok(kept)
}

/// Another host has the lock.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0}: another host keeps the backup of this bank here; if this one has a copy of its data, remove \
     `bank.id` from the copy, and start it again"
)]
struct KeptByAnother(String);

/// Locks the folder of a bank's backups: a host on a copy of the data folder is the same bank.
fn lock(folder: &Path) -> io::Result<File> {
    let path = folder.join(LOCK_NAME);
    let named = |error| with_name(&path, error);
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    let lock = options.open(&path).map_err(named)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::Error(error)) => Err(named(error)),
        Err(TryLockError::WouldBlock) => {
            let another = KeptByAnother(folder.display().to_string());
            Err(io::Error::other(another))
        }
    }
}

/// A backup that follows the bank.
pub struct KeptBackup {
    folder: PathBuf,
    /// Of the folder above.
    _lock: File,
    /// What was copied once.
    copied: Vec<CopiedFile>,
    logs: Vec<(PathBuf, Arc<FollowedLog>)>,
    small: Vec<CopiedFile>,
    /// Small files that no manifest names any more, and since when.
    replaced: Vec<(Instant, PathBuf)>,
    steps: u64,
}

impl KeptBackup {
    /// Notes what the closed stores have last given to it. `manifest` was made before they were
    /// closed, callers before their callees.
    ///
    /// # Errors
    /// The folder cannot be written, or a log could not be kept.
    pub fn finish(mut self, source: &BackupSource, manifest: Manifest) -> io::Result<()> {
        let logs = self.logs.iter().map(|(_, log)| log.files());
        let logs = logs.collect::<io::Result<Vec<_>>>()?;
        self.write_manifest(source, manifest, logs.concat())
    }

    fn begin(
        source: &BackupSource,
        above: &Path,
        lock: File,
        stop: &CancellationToken,
    ) -> io::Result<Self> {
        let folder = above.join(named::name_of_now());
        // One that is there already, of this second, may be whole.
        let made = folder.clone();
        in_time(move || std::fs::DirBuilder::new().mode(FOLDER_MODE).create(made))?;
        Self::copy(source, &folder, lock, stop).inspect_err(|_| {
            // What is not whole must not keep the next one from its place on the disk.
            let removed = folder.clone();
            if let Err(error) = in_time(move || std::fs::remove_dir_all(removed)) {
                tracing::warn!(%error, folder = %folder.display(), "it is left, and is no backup");
            }
        })
    }

    fn copy(
        source: &BackupSource,
        folder: &Path,
        lock: File,
        stop: &CancellationToken,
    ) -> io::Result<Self> {
        let mut destination = Following {
            files: FolderDestination::new(folder, stop.clone()),
            logs: Vec::new(),
        };
        let copied = source.copy_stores(&mut destination)?;
        let bytes = copied.bytes();
        let mut kept = Self {
            folder: folder.to_owned(),
            _lock: lock,
            copied: copied.files,
            logs: destination.logs,
            small: Vec::new(),
            replaced: Vec::new(),
            steps: 0,
        };
        // The logs of those that were copied first went on meanwhile.
        kept.bring_up_to(source, source.manifest())?;
        tracing::info!(folder = %kept.folder.display(), bytes, "a backup follows the bank");
        Ok(kept)
    }

    /// Whether it has the stores that are open now, and its logs are no larger than they should be.
    fn still_follows(&self, source: &BackupSource) -> bool {
        let followed: Vec<_> = self.logs.iter().map(|(path, _)| path).collect();
        let are_followed = source.stores().all(|(path, _)| followed.contains(&&path));
        let log_bytes: io::Result<u64> = self.logs.iter().map(|(_, log)| log.bytes()).sum();
        let bytes: u64 = self.copied.iter().map(|file| file.bytes).sum();
        are_followed && log_bytes.is_ok_and(|log_bytes| log_bytes <= bytes.max(LOG_BYTES_MIN))
    }

    /// Keeps the log of one store after the other, callers before their callees. What a log has
    /// right after its own turn counts: a caller's goes on while its callee's is kept.
    fn bring_up_to(&mut self, source: &BackupSource, manifest: Manifest) -> io::Result<()> {
        let mut open = Vec::new();
        let mut logs = Vec::new();
        for (path, store) in source.stores() {
            store.keep_log()?;
            let log = self.logs.iter().find(|(followed, _)| *followed == path);
            let (_, log) = log.ok_or_else(|| io::Error::other("a store is not followed"))?;
            logs.extend(log.files()?);
            open.push(path);
        }
        // The store of a service that the registry does not name any more gave its log all that it
        // had when it was closed.
        let closed = self.logs.iter().filter(|(path, _)| !open.contains(path));
        for (_, log) in closed {
            logs.extend(log.files()?);
        }
        self.write_manifest(source, manifest, logs)
    }

    /// Writes the files that are small, where they have changed, and then the manifest.
    fn write_manifest(
        &mut self,
        source: &BackupSource,
        mut manifest: Manifest,
        logs: Vec<CopiedFile>,
    ) -> io::Result<()> {
        manifest.files.clone_from(&self.copied);
        manifest.files.extend(logs);
        // After the stores, as the host knows of keys what services have passed to it.
        let before = std::mem::take(&mut self.small);
        self.steps += 1;
        for (path, content) in source.small_files()? {
            let sha256 = hex(Sha256::new_with_prefix(&content));
            let mut known = before.iter();
            let known = known.find(|file| file.path == path && file.sha256 == sha256);
            let file = match known {
                Some(file) => file.clone(),
                None => self.write_small(path, &content, sha256)?,
            };
            self.small.push(file);
        }
        manifest.files.extend(self.small.iter().cloned());
        let (file, text) = (self.folder.join(manifest::FILE_NAME), manifest.text()?);
        let now = Instant::now();
        let is_old = |(since, _): &mut (Instant, PathBuf)| *since + REPLACED_KEPT < now;
        let old: Vec<_> = self.replaced.extract_if(.., is_old).collect();
        let replaced = before.iter().filter(|file| !self.small.contains(file));
        let replaced = replaced.map(|file| (now, self.folder.join(file.stored())));
        self.replaced.extend(replaced);
        in_time(move || {
            replace(&file, &text)?;
            old.iter()
                .try_for_each(|(_, file)| std::fs::remove_file(file))
        })
    }

    fn write_small(&self, path: PathBuf, content: &[u8], sha256: String) -> io::Result<CopiedFile> {
        let stored = PathBuf::from(format!("{}.{}", path.display(), self.steps));
        let (file, written) = (self.folder.join(&stored), content.to_vec());
        in_time(move || {
            if let Some(folder) = file.parent() {
                create_folder(folder)?;
            }
            replace(&file, &written)
        })?;
        Ok(CopiedFile {
            path,
            stored_as: Some(stored),
            bytes: content.len() as u64,
            sha256,
        })
    }
}

/// Removes those backups of a folder for which `is_old`.
fn remove_backups(folder: &Path, is_old: impl Fn(&Path) -> bool) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if named::is_name(&path) && is_old(&path) {
            std::fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

/// Writes the files of stores, and then keeps their logs.
struct Following {
    files: FolderDestination,
    logs: Vec<(PathBuf, Arc<FollowedLog>)>,
}

impl Destination for Following {
    fn take(&mut self, path: &Path, bytes: u64, content: &mut dyn Read) -> io::Result<()> {
        self.files.take(path, bytes, content)
    }

    fn keeper(&mut self, store: &Path) -> Option<Box<dyn LogKeeper>> {
        let log = Arc::new(FollowedLog {
            log: Mutex::new(StoreLog::new(self.files.folder(), store)),
            has_failed: AtomicBool::new(false),
        });
        self.logs.push((store.to_owned(), Arc::clone(&log)));
        Some(Box::new(log))
    }
}

/// The log of one store, as far as it is kept.
struct StoreLog {
    folder: PathBuf,
    store: PathBuf,
    /// Those that have started over.
    earlier: Vec<CopiedFile>,
    current: Option<CurrentLog>,
}

struct CurrentLog {
    salts: [u8; 8],
    stored_as: PathBuf,
    file: File,
    bytes: u64,
    digest: Sha256,
}

impl StoreLog {
    fn new(folder: &Path, store: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            store: store.to_owned(),
            earlier: Vec::new(),
            current: None,
        }
    }

    /// What a manifest says of it.
    fn files(&self) -> Vec<CopiedFile> {
        let current = self.current.iter().map(|log| self.file(log));
        self.earlier.iter().cloned().chain(current).collect()
    }

    fn bytes(&self) -> u64 {
        let earlier: u64 = self.earlier.iter().map(|file| file.bytes).sum();
        earlier + self.current.as_ref().map_or(0, |log| log.bytes)
    }

    fn path(&self) -> PathBuf {
        log_of(&self.store)
    }

    fn file(&self, log: &CurrentLog) -> CopiedFile {
        CopiedFile {
            path: self.path(),
            stored_as: Some(log.stored_as.clone()),
            bytes: log.bytes,
            sha256: hex(log.digest.clone()),
        }
    }

    fn keep_up_to(&mut self, position: &LogPosition) -> io::Result<()> {
        let Some(salts) = position.salts else {
            return Ok(());
        };
        if let Some(over) = self.current.take_if(|log| log.salts != salts) {
            let over = self.file(&over);
            self.earlier.push(over);
        }
        let current = match &mut self.current {
            Some(current) => current,
            None => {
                let number = self.earlier.len();
                let stored_as = PathBuf::from(format!("{}.{number}", self.path().display()));
                self.current.insert(CurrentLog {
                    salts,
                    file: open_to_append(&self.folder.join(&stored_as))?,
                    stored_as,
                    bytes: 0,
                    digest: Sha256::new(),
                })
            }
        };
        current.append(position)
    }
}

impl CurrentLog {
    fn append(&mut self, position: &LogPosition) -> io::Result<()> {
        let mut log = File::open(&position.log)?;
        log.seek(SeekFrom::Start(self.bytes))?;
        let mut part = vec![0; PART_BYTES];
        while self.bytes < position.bytes {
            let left = position.bytes - self.bytes;
            let most = usize::try_from(left).map_or(PART_BYTES, |left| left.min(PART_BYTES));
            let read = log.read(&mut part[..most])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.file.write_all(&part[..read])?;
            self.digest.update(&part[..read]);
            self.bytes += read as u64;
        }
        self.file.sync_data()
    }
}

/// A log that the checkpoints of its store keep, and the manifests name.
struct FollowedLog {
    log: Mutex<StoreLog>,
    has_failed: AtomicBool,
}

impl FollowedLog {
    fn files(&self) -> io::Result<Vec<CopiedFile>> {
        let log = self.lock()?;
        match self.has_failed.load(Relaxed) {
            true => Err(io::Error::other("a log could not be kept")),
            false => Ok(log.files()),
        }
    }

    fn bytes(&self) -> io::Result<u64> {
        Ok(self.lock()?.bytes())
    }

    /// Fails while the log is kept on a disk that does not respond.
    fn lock(&self) -> io::Result<MutexGuard<'_, StoreLog>> {
        self.log.try_lock_for(TIME_MAX).ok_or_else(too_slow)
    }
}

impl LogKeeper for Arc<FollowedLog> {
    fn keep_up_to(&mut self, position: &LogPosition) -> io::Result<()> {
        let (followed, position) = (Arc::clone(self), position.clone());
        let kept = in_time(move || followed.log.lock().keep_up_to(&position));
        self.has_failed.fetch_or(kept.is_err(), Relaxed);
        kept
    }
}
