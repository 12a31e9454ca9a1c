//! What a format of a statement writes.

use super::line::Line;
use super::summary::Summary;
use std::io;

/// Writes a statement: head, lines, tail, each at the end of `out`.
pub(super) trait Layout: Sync {
    /// Whether the format has room for amounts as large as these.
    fn has_room_for(&self, _: &Summary) -> bool {
        true
    }

    /// Writes what comes before the entries.
    fn head(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()>;

    /// Writes an entry.
    fn line(&self, summary: &Summary, line: &Line, out: &mut Vec<u8>) -> io::Result<()>;

    /// Writes what comes after the entries.
    fn tail(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()>;
}
