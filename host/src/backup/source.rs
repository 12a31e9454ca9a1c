//! What a backup is made of, in the order of its copies.

use super::bank::bank_id;
use super::digested::Digested;
use super::manifest::{self, CopiedFile, Manifest};
use super::pace::BackupPace;
use super::with_name;
use crate::builtin;
use crate::keys::BACKED_UP;
use crate::registry::REGISTRY_BYTES_MAX;
use crate::regular_file::if_there;
use crate::runtime::{Figure, STORES, Services, store_file, stored_services};
use crate::store::{self, LogKeeper, ServiceStore, StoreFiles, log_of};
use crate::wall_clock::LAST_TIME;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use uuid::Uuid;

/// Takes the files of a backup, one after the other.
pub(super) trait Destination {
    /// Takes a file of exactly so many bytes.
    fn take(&mut self, path: &Path, bytes: u64, content: &mut dyn Read) -> io::Result<()>;

    /// Who takes the log of a store from now on, in place of its content now.
    fn keeper(&mut self, _store: &Path) -> Option<Box<dyn LogKeeper>> {
        None
    }
}

/// A running host, as of the beginning of a backup.
pub struct BackupSource {
    bank: Uuid,
    data: PathBuf,
    registry: PathBuf,
    /// Callers before their callees.
    stores: Vec<(String, ServiceStore)>,
    /// How many stores the host has opened.
    opened: Arc<AtomicU64>,
    /// How many those were before `stores` were listed.
    opened_before: u64,
    components: BTreeMap<String, String>,
    /// What the services say of themselves, by their names.
    pub(super) figures: BTreeMap<String, BTreeMap<String, i64>>,
}

impl BackupSource {
    /// The host with these services, by the file of its registry.
    ///
    /// # Errors
    /// The id of the bank cannot be read.
    pub async fn of(services: &Services, registry: &Path) -> io::Result<Self> {
        let components = {
            let table = services.routing_table();
            let components = table.routes().filter_map(|route| {
                let digest = route.stable.as_ref()?.digest;
                Some((route.service.name().to_owned(), digest.to_string()))
            });
            components.collect()
        };
        let mut figures = BTreeMap::new();
        for (generation, collected) in services.metrics().await {
            let name = &generation.spec.name;
            let own = Figure::of(name, &collected.unwrap_or_default()).into_iter();
            let own = own.map(|figure| (figure.name, figure.value));
            figures.insert(name.clone(), own.collect());
        }
        let opened = services.stores_opened();
        Ok(Self {
            opened_before: opened.load(Relaxed),
            opened,
            bank: bank_id(services.data())?,
            data: std::path::absolute(services.data())?,
            registry: registry.to_owned(),
            components,
            figures,
            stores: services.open_stores().await,
        })
    }

    /// About how many bytes a backup has.
    pub fn bytes(&self) -> u64 {
        let stores = std::fs::read_dir(self.data.join(STORES));
        let sizes = stores.into_iter().flatten().flatten();
        sizes
            .filter(|entry| !entry.file_name().to_string_lossy().ends_with("-shm"))
            .filter_map(|entry| Some(entry.metadata().ok()?.len()))
            .sum()
    }

    /// The bank's id.
    pub(super) fn bank(&self) -> Uuid {
        self.bank
    }

    /// The stores that are open, by their paths, callers before their callees.
    pub(super) fn stores(&self) -> impl Iterator<Item = (PathBuf, &ServiceStore)> {
        let stores = self.stores.iter();
        stores.map(|(name, store)| (store_path(name), store))
    }

    /// Has no keeper keep the logs of the stores any more. Blocks.
    pub(super) fn end_keeping(&self) {
        for (_, store) in &self.stores {
            store.end_keeping();
        }
    }

    /// A manifest of now, without files.
    pub fn manifest(&self) -> Manifest {
        let (components, figures) = (self.components.clone(), self.figures.clone());
        Manifest::new(self.bank, self.data.clone(), components, figures)
    }

    /// Copies everything. Blocks.
    pub(super) fn copy(&self, to: &mut dyn Destination) -> io::Result<Manifest> {
        let mut copying = self.stores_copied(to)?;
        for (path, content) in self.small_files()? {
            let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
            copying.take(&path, bytes, &mut Cursor::new(content))?;
        }
        copying.finish()
    }

    /// Copies the stores. Blocks.
    pub(super) fn copy_stores(&self, to: &mut dyn Destination) -> io::Result<Manifest> {
        Ok(self.stores_copied(to)?.manifest)
    }

    fn stores_copied<'d>(&self, to: &'d mut dyn Destination) -> io::Result<Copying<'d>> {
        let mut copying = Copying {
            manifest: self.manifest(),
            to,
            pace: BackupPace::begin(),
        };
        for (path, store) in self.stores() {
            store.copy_files(|files| copying.take_store(&path, files))?;
        }
        self.copy_closed_stores(&mut copying)?;
        self.check_stores()?;
        Ok(copying)
    }

    /// Checks that no store was opened meanwhile: this backup does not hold up its checkpoints, so
    /// what was copied of it may be torn.
    fn check_stores(&self) -> io::Result<()> {
        match self.opened.load(Relaxed) == self.opened_before {
            true => Ok(()),
            false => Err(io::Error::other(
                "a service was added meanwhile; back the bank up again",
            )),
        }
    }

    /// The files beside the stores, by their paths in a data folder: the registry, the logs of
    /// keys, and the latest trusted time.
    pub(super) fn small_files(&self) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
        let registry = builtin::read(&self.registry, REGISTRY_BYTES_MAX);
        let registry = registry.map_err(|error| with_name(&self.registry, error))?;
        let mut files = vec![(PathBuf::from("registry.toml"), registry.into_owned())];
        let keys = BACKED_UP.map(|name| Path::new("keys").join(name));
        for path in keys.into_iter().chain([PathBuf::from(LAST_TIME)]) {
            let file = self.data.join(&path);
            let content = if_there(std::fs::read(&file));
            let content = content.map_err(|error| with_name(&file, error))?;
            files.extend(content.map(|content| (path, content)));
        }
        Ok(files)
    }

    /// Copies the stores of services that the registry does not name any more.
    fn copy_closed_stores(&self, copying: &mut Copying<'_>) -> io::Result<()> {
        let open: Vec<_> = self.stores().map(|(path, _)| path).collect();
        for service in stored_services(&self.data)? {
            let path = store_path(&service);
            if open.contains(&path) {
                continue;
            }
            let file = self.data.join(&path);
            let database = store::open_database(&file);
            let mut database = database.map_err(|error| with_name(&file, error))?;
            let bytes = database.bytes;
            copying.take(&path, bytes, &mut database)?;
            let log = log_of(&path);
            copying.take_file_if_any(&log, &self.data.join(&log))?;
        }
        Ok(())
    }
}

/// The path of a store in a data folder.
fn store_path(service: &str) -> PathBuf {
    store_file(Path::new(""), service)
}

/// A backup that is being made.
struct Copying<'d> {
    manifest: Manifest,
    to: &'d mut dyn Destination,
    pace: BackupPace,
}

impl Copying<'_> {
    fn take_store(
        &mut self,
        path: &Path,
        mut files: StoreFiles,
    ) -> io::Result<Option<Box<dyn LogKeeper>>> {
        let bytes = files.database.bytes;
        self.take(path, bytes, &mut files.database)?;
        if let Some(mut keeper) = self.to.keeper(path) {
            keeper.keep_up_to(&files.log)?;
            return Ok(Some(keeper));
        }
        if !files.log.is_empty() {
            let mut log = File::open(&files.log.log)?;
            self.take(&log_of(path), files.log.bytes, &mut log)?;
        }
        Ok(None)
    }

    fn take_file_if_any(&mut self, path: &Path, file: &Path) -> io::Result<()> {
        let opened = if_there(File::open(file)).map_err(|error| with_name(file, error))?;
        let Some(mut opened) = opened else {
            return Ok(());
        };
        let bytes = opened
            .metadata()
            .map_err(|error| with_name(file, error))?
            .len();
        self.take(path, bytes, &mut opened)
    }

    fn take(&mut self, path: &Path, bytes: u64, content: &mut dyn Read) -> io::Result<()> {
        let paced = self.pace.of(content.take(bytes));
        let mut digested = Digested::new(paced);
        self.to.take(path, bytes, &mut digested)?;
        let (read, sha256) = digested.finish();
        if read < bytes {
            let problem = format!("{} has become shorter", path.display());
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, problem));
        }
        self.manifest.files.push(CopiedFile {
            path: path.to_owned(),
            stored_as: None,
            bytes,
            sha256,
        });
        Ok(())
    }

    fn finish(self) -> io::Result<Manifest> {
        let text = self.manifest.text()?;
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let path = Path::new(manifest::FILE_NAME);
        self.to.take(path, bytes, &mut Cursor::new(text))?;
        Ok(self.manifest)
    }
}
