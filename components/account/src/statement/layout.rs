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

    fn head(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()>;

    fn line(&self, summary: &Summary, line: &Line, out: &mut Vec<u8>) -> io::Result<()>;

    fn tail(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()>;
}
