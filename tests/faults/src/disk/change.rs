//! A change of a file: how to undo it, and how to make it again.

use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// The unit that a disk writes whole or not at all, in bytes.
const SECTOR_BYTES: u64 = 512;

#[derive(Debug, Serialize, Deserialize)]
pub struct Change {
    pub number: u64,
    pub durability: Durability,
    pub edit: Edit,
}

/// Whether a change outlives a power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Durability {
    /// The model decides: no sync has covered it.
    Open,
    /// It does.
    Durable,
    /// It does not.
    Lost,
}

/// The edit of a change.
#[derive(Debug, Serialize, Deserialize)]
pub struct Edit {
    /// The place in the file, in bytes.
    pub offset: u64,
    /// The bytes that were there; fewer where the file ended.
    pub old: Vec<u8>,
    /// The file's size before.
    pub old_size: u64,
    /// The bytes that are there now. None: the file ends there now.
    pub new: Option<Vec<u8>>,
}

/// The part of a change that stays.
pub enum Portion {
    None,
    All,
    /// The bytes before this place in the file.
    UpTo(u64),
}

impl Edit {
    /// The ends of sectors within the written bytes.
    pub fn sector_ends(&self) -> Vec<u64> {
        let end = self.offset + self.new.as_ref().map_or(0, Vec::len) as u64;
        let first = (self.offset / SECTOR_BYTES + 1) * SECTOR_BYTES;
        (first..end).step_by(SECTOR_BYTES as usize).collect()
    }

    fn undo(&self, file: &File) -> io::Result<()> {
        file.write_all_at(&self.old, self.offset)?;
        file.set_len(self.old_size)
    }

    fn redo(&self, file: &File, portion: Portion) -> io::Result<()> {
        match (&self.new, portion) {
            (_, Portion::None) => Ok(()),
            (Some(new), Portion::All) => file.write_all_at(new, self.offset),
            (Some(new), Portion::UpTo(end)) => {
                let kept = usize::try_from(end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
                file.write_all_at(&new[..kept.min(new.len())], self.offset)
            }
            (None, _) => file.set_len(self.offset),
        }
    }
}

/// Undoes all changes of a file, and makes the part of each again that `portion` returns.
pub fn replay(
    file: &File,
    changes: &[Change],
    mut portion: impl FnMut(&Change) -> Portion,
) -> io::Result<()> {
    for change in changes.iter().rev() {
        change.edit.undo(file)?;
    }
    for change in changes {
        change.edit.redo(file, portion(change))?;
    }
    Ok(())
}
