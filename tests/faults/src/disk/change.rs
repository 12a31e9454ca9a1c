//! One change of a file, how it is taken back, and how it is made again.

use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// What a disk writes whole or not at all, in bytes.
const SECTOR_BYTES: u64 = 512;

/// A change that was made in a file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Change {
    pub number: u64,
    pub fate: Fate,
    pub deed: Deed,
}

/// What becomes of a change when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// That is for the model to say: no sync has covered it.
    Open,
    /// It stays.
    Durable,
    /// It goes.
    Lost,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// Bytes were written.
    Write {
        /// Where, from the file's begin.
        offset: u64,
        /// What was there; shorter where the file ended.
        old: Vec<u8>,
        /// What is there now.
        new: Vec<u8>,
        /// How large the file was.
        old_size: u64,
    },
    /// The size was set.
    Resize {
        /// How large the file was.
        old_size: u64,
        /// How large it is now.
        new_size: u64,
        /// What was cut off.
        cut_off: Vec<u8>,
    },
}

/// How much of a change stays.
pub enum Portion {
    None,
    All,
    /// The bytes before this place in the file.
    UpTo(u64),
}

impl Change {
    pub fn new(number: u64, deed: Deed) -> Self {
        Self {
            number,
            fate: Fate::Open,
            deed,
        }
    }
}

impl Deed {
    /// The ends of sectors within what was written.
    pub fn sector_ends(&self) -> Vec<u64> {
        let Self::Write { offset, new, .. } = self else {
            return Vec::new();
        };
        let end = offset + new.len() as u64;
        let first = (offset / SECTOR_BYTES + 1) * SECTOR_BYTES;
        (first..end).step_by(SECTOR_BYTES as usize).collect()
    }

    fn take_back(&self, file: &File) -> io::Result<()> {
        match self {
            Self::Write {
                offset,
                old,
                old_size,
                ..
            } => {
                file.write_all_at(old, *offset)?;
                file.set_len(*old_size)
            }
            Self::Resize {
                old_size,
                new_size,
                cut_off,
            } => {
                file.set_len(*old_size)?;
                file.write_all_at(cut_off, *new_size)
            }
        }
    }

    fn make_again(&self, file: &File, portion: Portion) -> io::Result<()> {
        match (self, portion) {
            (_, Portion::None) => Ok(()),
            (Self::Write { offset, new, .. }, Portion::All) => file.write_all_at(new, *offset),
            (Self::Write { offset, new, .. }, Portion::UpTo(end)) => {
                let kept = usize::try_from(end.saturating_sub(*offset)).unwrap_or(usize::MAX);
                file.write_all_at(&new[..kept.min(new.len())], *offset)
            }
            (Self::Resize { new_size, .. }, _) => file.set_len(*new_size),
        }
    }
}

/// Takes all changes of a file back, and makes again what of each `portion` lets be.
pub fn settle(
    file: &File,
    changes: &[Change],
    mut portion: impl FnMut(&Change) -> Portion,
) -> io::Result<()> {
    for change in changes.iter().rev() {
        change.deed.take_back(file)?;
    }
    for change in changes {
        change.deed.make_again(file, portion(change))?;
    }
    Ok(())
}
