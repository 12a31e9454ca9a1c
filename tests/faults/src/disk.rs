//! The data that outlives a power loss.
//!
//! This records every change of a file, with the content before it. A sync makes the changes before
//! it durable. A failed sync loses them for good, although the file still shows them: the kernel
//! takes the pages for clean, and a second sync would succeed ("fsyncgate"). After a power loss,
//! each file goes back to before the first change that is not durable. Then it gets the durable
//! changes, and those that the model allows.
//!
//! Names of files work the same way: a new file, or the removal of one, is durable only after a
//! sync of the folder. SQLite syncs the folder with the first sync of a journal or log.
//!
//! A change is recorded and made under one lock
//! ([`Injector::disk`](crate::injector::Injector::disk)). A power loss takes it too: no thread
//! comes back from a change then.

mod change;

use crate::plan::{Model, PowerLoss};
use change::{Change, Durability, Portion, replay};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

pub use change::Edit;

/// The files of all stores, and their changes that are not on disk.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Disk {
    files: BTreeMap<PathBuf, FileRecord>,
    /// Files whose removal is not durable: the content, and its changes that were not durable.
    removed: BTreeMap<PathBuf, (Vec<u8>, Vec<Change>)>,
    /// The number of files and changes so far.
    count: u64,
}

/// A file that exists.
#[derive(Debug, Serialize, Deserialize)]
struct FileRecord {
    id: FileId,
    /// Whether a power loss may take its name.
    is_new: bool,
    changes: Vec<Change>,
}

/// Identifies a file: a later one of the same name has another id.
pub type FileId = u64;

impl Disk {
    /// Records that a file is open, and whether it existed before.
    pub fn opened(&mut self, path: &Path, was_there: bool) -> FileId {
        self.count += 1;
        let file = FileRecord {
            id: self.count,
            is_new: !was_there,
            changes: Vec::new(),
        };
        self.files.entry(path.to_owned()).or_insert(file).id
    }

    pub fn changed(&mut self, path: &Path, id: FileId, edit: Edit) {
        self.count += 1;
        let number = self.count;
        if let Some(file) = self.file(path, id) {
            file.changes.push(Change {
                number,
                durability: Durability::Open,
                edit,
            });
        }
    }

    /// The number of the last change that a sync covers which begins now.
    pub fn mark(&self) -> u64 {
        self.count
    }

    pub fn synced(&mut self, path: &Path, id: FileId, mark: u64) {
        self.end_open_changes(path, id, mark, Durability::Durable);
        if let Some(file) = self.file(path, id) {
            // Nothing goes back to before the first change that may be lost.
            let is_durable = |change: &&Change| change.durability == Durability::Durable;
            let durable = file.changes.iter().take_while(is_durable).count();
            file.changes.drain(..durable);
        }
    }

    pub fn sync_failed(&mut self, path: &Path, id: FileId) {
        self.end_open_changes(path, id, self.mark(), Durability::Lost);
    }

    fn end_open_changes(&mut self, path: &Path, id: FileId, mark: u64, durability: Durability) {
        let changes = self.file(path, id).map(|file| &mut file.changes);
        for change in changes.into_iter().flatten() {
            if change.durability == Durability::Open && change.number <= mark {
                change.durability = durability;
            }
        }
    }

    /// Records that the folder of a file was synced: its names are durable as they are.
    pub fn folder_synced(&mut self, path: &Path) {
        let folder = path.parent();
        let files = self.files.iter_mut();
        for (_, file) in files.filter(|(path, _)| path.parent() == folder) {
            file.is_new = false;
        }
        self.removed.retain(|path, _| path.parent() != folder);
    }

    /// Records that a file was overwritten with its own content, and synced with its folder.
    pub fn written_over(&mut self, path: &Path) {
        if let Some(file) = self.files.get_mut(path) {
            file.changes.clear();
        }
        self.folder_synced(path);
    }

    /// Records that a file with this content was removed.
    pub fn removed(&mut self, path: &Path, content: Vec<u8>) {
        let changes = match self.files.remove(path) {
            // It cannot come back.
            Some(file) if file.is_new => return,
            Some(file) => file.changes,
            None => Vec::new(),
        };
        let removed = self.removed.entry(path.to_owned());
        removed.or_insert((content, changes));
    }

    fn file(&mut self, path: &Path, id: FileId) -> Option<&mut FileRecord> {
        self.files.get_mut(path).filter(|file| file.id == id)
    }

    /// Gives the files the content that outlives a power loss. No thread may change them meanwhile.
    ///
    /// # Errors
    /// The system's: some files may be in either state.
    pub fn lose_power(&mut self, loss: PowerLoss) -> io::Result<()> {
        let mut choice = Choice {
            model: loss.model,
            random: StdRng::seed_from_u64(loss.seed),
        };
        let files = std::mem::take(&mut self.files);
        let mut removed = std::mem::take(&mut self.removed);
        for (path, file) in files {
            // The index of a write-ahead log is memory that processes share.
            let mut index = path.clone().into_os_string();
            index.push("-shm");
            remove_if_there(index.as_ref())?;
            let before = removed.remove(&path);
            match choice.name(before.is_some(), file.is_new) {
                Name::AsItIs => rewrite(&path, None, &file.changes, &mut choice)?,
                Name::Gone => remove_if_there(&path)?,
                Name::AsItWas => match before {
                    Some((old, changes)) => rewrite(&path, Some(&old), &changes, &mut choice)?,
                    None => remove_if_there(&path)?,
                },
            }
        }
        for (path, (old, changes)) in removed {
            if choice.name(true, false) == Name::AsItWas {
                rewrite(&path, Some(&old), &changes, &mut choice)?;
            }
        }
        Ok(())
    }
}

/// The file of a name when the power is back.
#[derive(Debug, PartialEq, Eq)]
enum Name {
    /// The file at the latest sync of the folder, or none.
    AsItWas,
    /// None: that file was removed, and the next one was not there yet.
    Gone,
    AsItIs,
}

struct Choice {
    model: Model,
    random: StdRng,
}

impl Choice {
    /// A folder's changes reach the disk in their order.
    fn name(&mut self, removed_before: bool, is_new: bool) -> Name {
        let mut steps = vec![Name::AsItWas];
        if removed_before {
            steps.push(Name::Gone);
        }
        if is_new {
            steps.push(Name::AsItIs);
        }
        match (self.model, steps.len()) {
            (_, 1) => Name::AsItIs,
            (Model::Drop, _) => Name::AsItWas,
            (Model::Reorder | Model::Torn, count) => {
                steps.swap_remove(self.random.random_range(..count))
            }
        }
    }

    fn portion(&mut self, change: &Change) -> Portion {
        match change.durability {
            Durability::Durable => Portion::All,
            Durability::Lost => Portion::None,
            Durability::Open => match self.model {
                Model::Drop => Portion::None,
                Model::Reorder | Model::Torn if self.random.random_bool(0.5) => Portion::None,
                Model::Torn if self.random.random_bool(0.5) => self.torn(change),
                Model::Reorder | Model::Torn => Portion::All,
            },
        }
    }

    /// A part of a change up to the end of a sector; all of a change within one sector.
    fn torn(&mut self, change: &Change) -> Portion {
        let ends = change.edit.sector_ends();
        match ends.len() {
            0 => Portion::All,
            count => Portion::UpTo(ends[self.random.random_range(..count)]),
        }
    }
}

fn rewrite(
    path: &Path,
    content: Option<&[u8]>,
    changes: &[Change],
    choice: &mut Choice,
) -> io::Result<()> {
    if let Some(content) = content {
        std::fs::write(path, content)?;
    }
    let file = OpenOptions::new().write(true).open(path)?;
    replay(&file, changes, |change| choice.portion(change))
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
