//! Backups: a copy of a running bank as of one moment, and a bank made of such a copy again.
//!
//! A backup is a folder, or as the host sends it, a tar of the same files: the files of each store,
//! the logs of the keys, the registry, and last of all a [`manifest`] with the SHA-256 of each. A
//! copy without it is not whole.
//!
//! The stores are copied one after the other, callers before their callees, and the host's API keys
//! after them all. A service learns of its callee's data only by calls. What it has stored of an
//! answer is in the callee's store by then, and so in the callee's later copy. In the other order
//! it could know of rows that its callee's copy lacks.
//!
//! The signing keys stay behind: a copy that is stolen signs no token, and after a restoration no
//! session goes on anyway. So do the revocations of tokens, which nothing would accept.

mod bank;
mod digested;
mod folder;
mod kept;
mod manifest;
mod named;
mod new_folder;
mod pace;
mod restoration;
mod restore;
mod slow_disk;
mod source;
mod stream;
mod unpack;

pub use kept::BackupKeeper;
pub use manifest::{FILE_NAME as MANIFEST, Manifest};
pub use named::{is_name, name_of_now};
pub use new_folder::{NewFolder, PARTIAL, check_whole, is_being_made};
pub use restoration::{FILE_NAME as RESTORED_AT, restored_at_ms};
pub use restore::restore;
pub use source::BackupSource;
pub use stream::send;
pub use unpack::unpack;

use std::io;
use std::path::Path;

/// The error with the name of its file.
fn with_name(file: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}
