//! What is known of components' files without reading them again and again. Nothing here waits for a hung mount.

use crate::file_reader::FileReader;
use crate::fingerprint::Fingerprint;
use crate::registry::{Digest, REGISTRY_BYTES_MAX};
use crate::regular_file;
use crate::runtime::{ComponentFile, LoadProblem};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The files of a registry, with what was read of them.
pub(super) struct Files {
    reader: Arc<FileReader>,
    known: Mutex<Known>,
}

/// The digests of files, for as long as the files stay as they are; none for what is no component.
type Known = HashMap<PathBuf, (Fingerprint, Option<Digest>)>;

impl Files {
    /// Files of which nothing is known yet.
    pub(super) fn new(reader: Arc<FileReader>) -> Self {
        Self {
            reader,
            known: Mutex::default(),
        }
    }

    /// A copy of what is known, for somebody with a reader of their own.
    pub(super) fn snapshot(&self, reader: &Arc<FileReader>) -> Self {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Self {
            reader: Arc::clone(reader),
            known: Mutex::new(known.clone()),
        }
    }

    /// What tells the version of a file, or none if it cannot be looked at.
    pub(super) async fn fingerprint(&self, file: &Path) -> Option<Fingerprint> {
        self.reader.look(file, Fingerprint::of).await.ok()?
    }

    /// Reads a component.
    ///
    /// # Errors
    /// See [`ComponentFile::read`]; or it does not come back in time.
    pub(super) async fn component(&self, file: &Path) -> Result<ComponentFile, LoadProblem> {
        match self.reader.look(file, ComponentFile::read).await {
            Ok(component) => component,
            Err(error) => Err(LoadProblem::unreadable(file, error)),
        }
    }

    /// The SHA-256 of a component, or none if it cannot be read, or is none.
    pub(super) async fn digest(&self, file: &Path) -> Option<Digest> {
        let fingerprint = self.fingerprint(file).await?;
        match self.known_digest(file) {
            Some((of, digest)) if of == fingerprint => return digest,
            _ => {}
        }
        let digest = match self.component(file).await {
            Ok(component) => Some(component.digest()),
            Err(LoadProblem::NoComponent { .. }) => None,
            Err(_) => return None,
        };
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(file.to_owned(), (fingerprint, digest));
        digest
    }

    fn known_digest(&self, file: &Path) -> Option<(Fingerprint, Option<Digest>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(file).copied()
    }

    /// Reads a registry's file.
    ///
    /// # Errors
    /// It cannot be read, is no regular file, is too large, or does not come back in time.
    pub(super) async fn registry(&self, file: &Path) -> std::io::Result<Vec<u8>> {
        let read = |file: &Path| regular_file::read(file, REGISTRY_BYTES_MAX);
        self.reader.look(file, read).await?
    }

    /// Forgets files that are none of these.
    pub(super) fn keep(&self, is_needed: impl Fn(&Path) -> bool) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|file, _| is_needed(file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        Files::new(Arc::new(FileReader::new(1)))
    }

    #[tokio::test]
    async fn a_file_that_is_no_component_has_no_digest() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "a secret").unwrap();
        let files = files();
        assert!(files.digest(&file).await.is_none());
        let component = wat::parse_str("(component)").unwrap();
        std::fs::write(&file, component).unwrap();
        assert!(files.digest(&file).await.is_some());
    }

    #[tokio::test]
    async fn a_plan_leaves_nothing_in_what_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, wat::parse_str("(component)").unwrap()).unwrap();
        let files = files();
        let planned = files.snapshot(&Arc::new(FileReader::new(1)));
        assert!(planned.digest(&file).await.is_some());
        assert!(files.known.lock().unwrap().is_empty());
    }
}
