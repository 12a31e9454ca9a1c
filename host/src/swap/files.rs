//! The files of a registry. A component is read and hashed when its file has changed; nothing here
//! waits for a hung mount.

use crate::builtin;
use crate::file_reader::FileReader;
use crate::fingerprint::Fingerprint;
use crate::registry::{Digest, REGISTRY_BYTES_MAX};
use crate::runtime::{ComponentFile, LoadProblem};
use parking_lot::Mutex;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of a registry, with the digests of those that were read.
pub(super) struct Files {
    reader: Arc<FileReader>,
    known: Mutex<KnownDigests>,
}

/// The digest of a version of a file, or none if that version is no component.
type KnownDigests = HashMap<PathBuf, (Fingerprint, Option<Digest>)>;

/// A component's file as it was found.
pub(super) struct FoundComponent {
    /// None if the file cannot be read, or is no component.
    pub(super) digest: Option<Digest>,
    /// What was read now; none if this version's digest was known.
    pub(super) content: Option<Result<ComponentFile, LoadProblem>>,
}

impl Files {
    /// Files of which none was read yet.
    pub(super) fn new(reader: Arc<FileReader>) -> Self {
        Self {
            reader,
            known: Mutex::default(),
        }
    }

    /// A copy that has its own reader, and learns of other files by itself.
    pub(super) fn snapshot(&self, reader: &Arc<FileReader>) -> Self {
        let known = self.known.lock();
        Self {
            reader: Arc::clone(reader),
            known: Mutex::new(known.clone()),
        }
    }

    /// The fingerprint of a file's version, or none if the host cannot look at it.
    pub(super) async fn fingerprint(&self, file: &Path) -> Option<Fingerprint> {
        self.reader.look(file, Fingerprint::of).await.ok()?
    }

    /// Reads a component.
    ///
    /// # Errors
    /// Those of [`ComponentFile::read`], or the file does not respond in time.
    pub(super) async fn component(&self, file: &Path) -> Result<ComponentFile, LoadProblem> {
        match self.reader.look(file, ComponentFile::read).await {
            Ok(component) => component,
            Err(error) => Err(LoadProblem::unreadable(file, error)),
        }
    }

    /// Finds a component's digest, and reads the file if this version of it is new.
    pub(super) async fn find(&self, file: &Path) -> FoundComponent {
        let fingerprint = self.fingerprint(file).await;
        if let (Some(now), Some((of, digest))) = (fingerprint, self.known_digest(file))
            && now == of
        {
            let content = None;
            return FoundComponent { digest, content };
        }
        let content = self.component(file).await;
        let digest = content.as_ref().ok().map(ComponentFile::digest);
        if let (Some(now), Ok(_) | Err(LoadProblem::NotAComponent { .. })) = (fingerprint, &content)
        {
            self.known.lock().insert(file.to_owned(), (now, digest));
        }
        FoundComponent {
            digest,
            content: Some(content),
        }
    }

    fn known_digest(&self, file: &Path) -> Option<(Fingerprint, Option<Digest>)> {
        let known = self.known.lock();
        known.get(file).copied()
    }

    /// Reads a registry's file.
    ///
    /// # Errors
    /// It cannot be read, is not a regular file, is too large, or does not respond in time.
    pub(super) async fn registry(&self, file: &Path) -> std::io::Result<Cow<'static, [u8]>> {
        let read = |file: &Path| builtin::read(file, REGISTRY_BYTES_MAX);
        self.reader.look(file, read).await?
    }

    /// Forgets the files that are not needed.
    pub(super) fn keep(&self, is_needed: impl Fn(&Path) -> bool) {
        self.known.lock().retain(|file, _| is_needed(file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_version_is_read_once_and_has_a_digest_if_it_is_a_component() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, wat::parse_str("(component)").unwrap()).unwrap();
        let reader = Arc::new(FileReader::new(1));
        let files = Files::new(Arc::clone(&reader));
        // A snapshot learns by itself.
        assert!(files.snapshot(&reader).find(&file).await.digest.is_some());
        assert!(files.known.lock().is_empty());
        let first = files.find(&file).await;
        assert!(first.content.unwrap().is_ok() && first.digest.is_some());
        let second = files.find(&file).await;
        assert!(second.content.is_none() && second.digest == first.digest);
        std::fs::write(&file, "a long secret").unwrap();
        assert!(files.find(&file).await.digest.is_none());
    }
}
