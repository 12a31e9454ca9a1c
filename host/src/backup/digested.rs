//! The SHA-256 of what is read, taken while it is read.

use sha2::{Digest as _, Sha256};
use std::io::{self, Read};

/// A reader that takes the digest of all that passes.
pub(super) struct Digested<R> {
    content: R,
    bytes: u64,
    digest: Sha256,
}

impl<R> Digested<R> {
    pub(super) fn new(content: R) -> Self {
        Self {
            content,
            bytes: 0,
            digest: Sha256::new(),
        }
    }

    /// How many bytes were read, and their digest.
    pub(super) fn finish(self) -> (u64, String) {
        (self.bytes, hex(self.digest))
    }
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.digest.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// A SHA-256 in lower-case hexadecimal.
pub(super) fn hex(digest: Sha256) -> String {
    hex::encode(digest.finalize())
}
