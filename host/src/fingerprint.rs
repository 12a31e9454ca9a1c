//! Detects that a file was changed.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Tells two versions of a file apart without reading them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    device: u64,
    inode: u64,
    bytes: u64,
    modified_at: (i64, i64),
    changed_at: (i64, i64),
}

impl Fingerprint {
    /// The fingerprint of a file. None if its metadata cannot be read.
    pub fn of(file: &Path) -> Option<Self> {
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
