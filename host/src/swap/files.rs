//! What is known of files without reading them again and again.

use crate::registry::Digest;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Tells two versions of a file apart without reading them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint {
    device: u64,
    inode: u64,
    bytes: u64,
    modified_at: (i64, i64),
    changed_at: (i64, i64),
}

impl Fingerprint {
    /// The file's, or none if it cannot be looked at.
    pub(super) fn of(file: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(file).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified_at: (metadata.mtime(), metadata.mtime_nsec()),
            changed_at: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// The digests of files that were read, for as long as the files stay as they are.
#[derive(Debug, Default)]
pub(super) struct Digests(HashMap<PathBuf, (Fingerprint, Digest)>);

impl Digests {
    /// The SHA-256 of a file, or none if it cannot be read.
    pub(super) fn of(&mut self, file: &Path) -> Option<Digest> {
        let fingerprint = Fingerprint::of(file)?;
        if let Some((known, digest)) = self.0.get(file)
            && *known == fingerprint
        {
            return Some(*digest);
        }
        let bytes = std::fs::read(file).ok()?;
        let digest = Digest(Sha256::digest(&bytes).into());
        self.0.insert(file.to_owned(), (fingerprint, digest));
        Some(digest)
    }

    /// Forgets files that are none of these.
    pub(super) fn keep(&mut self, is_needed: impl Fn(&Path) -> bool) {
        self.0.retain(|file, _| is_needed(file));
    }
}
