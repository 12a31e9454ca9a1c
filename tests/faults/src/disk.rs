//! What a machine without power would still have.
//!
//! Every change of a file is noted, with what was there before. A sync makes the changes before it durable. One that fails loses them
//! for good, although the file still shows them: the kernel takes the pages for clean, and a second sync would answer well ("fsyncgate").
//! When the power goes, each file is taken back to before the first change that is not durable, and then given again what is durable, and
//! what the model lets be.
//!
//! The names of files are kept the same way: a new file is there for sure only when its folder was synced, and so is the absence of a
//! removed one. SQLite syncs the folder with the first sync of a journal or log.
//!
//! A change is noted and made under one lock ([`Injector::disk`](crate::injector::Injector::disk)), which the end of the machine takes
//! too: whoever is at a change then never comes back from it.

mod change;

use crate::plan::{Model, PowerLoss};
use change::{Change, Fate, Portion, settle};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

pub use change::Deed;

/// The files of all stores, and what of them is not on disk.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Disk {
    files: BTreeMap<PathBuf, FileRecord>,
    /// Files whose removal is not durable: all that they held.
    removed: BTreeMap<PathBuf, (Vec<u8>, Vec<Change>)>,
    /// How many files and changes there were.
    count: u64,
}

/// A file that is there.
#[derive(Debug, Serialize, Deserialize)]
struct FileRecord {
    id: FileId,
    /// Whether its name may be lost.
    is_new: bool,
    changes: Vec<Change>,
}

/// A file, whatever its name: another of the same name is another file.
pub type FileId = u64;

/// The changes before a sync: those that it covers.
#[derive(Debug, Clone, Copy)]
pub struct Mark(u64);

impl Disk {
    /// Notes that a file is open; `was_there` before.
    pub fn opened(&mut self, path: &Path, was_there: bool) -> FileId {
        self.count += 1;
        let file = FileRecord {
            id: self.count,
            is_new: !was_there,
            changes: Vec::new(),
        };
        self.files.entry(path.to_owned()).or_insert(file).id
    }

    /// Notes a change.
    pub fn changed(&mut self, path: &Path, id: FileId, deed: Deed) {
        self.count += 1;
        let number = self.count;
        if let Some(file) = self.file(path, id) {
            file.changes.push(Change::new(number, deed));
        }
    }

    /// What a sync that begins now covers.
    pub fn mark(&self) -> Mark {
        Mark(self.count)
    }

    /// Notes that a sync went well.
    pub fn synced(&mut self, path: &Path, id: FileId, mark: Mark) {
        self.end_open_changes(path, id, mark, Fate::Durable);
        if let Some(file) = self.file(path, id) {
            // Before the first change that may be lost there is nothing to go back to.
            let durable = file
                .changes
                .iter()
                .take_while(|change| change.fate == Fate::Durable);
            file.changes.drain(..durable.count());
        }
    }

    /// Notes that a sync failed.
    pub fn sync_failed(&mut self, path: &Path, id: FileId) {
        self.end_open_changes(path, id, self.mark(), Fate::Lost);
    }

    fn end_open_changes(&mut self, path: &Path, id: FileId, mark: Mark, fate: Fate) {
        let Some(file) = self.file(path, id) else {
            return;
        };
        for change in &mut file.changes {
            if change.fate == Fate::Open && change.number <= mark.0 {
                change.fate = fate;
            }
        }
    }

    /// Notes that the folder of a file was synced: every name in it is as it is now.
    pub fn folder_synced(&mut self, path: &Path) {
        let folder = path.parent();
        let files = self.files.iter_mut();
        for (_, file) in files.filter(|(path, _)| path.parent() == folder) {
            file.is_new = false;
        }
        self.removed.retain(|path, _| path.parent() != folder);
    }

    /// Notes that a file was written over with what it holds, and synced with its folder.
    pub fn written_over(&mut self, path: &Path) {
        if let Some(file) = self.files.get_mut(path) {
            file.changes.clear();
        }
        self.folder_synced(path);
    }

    /// Notes that a file was removed that held `content`.
    pub fn removed(&mut self, path: &Path, content: Vec<u8>) {
        let changes = match self.files.remove(path) {
            // Nothing of it can come back.
            Some(file) if file.is_new => return,
            Some(file) => file.changes,
            None => Vec::new(),
        };
        self.removed
            .entry(path.to_owned())
            .or_insert((content, changes));
    }

    fn file(&mut self, path: &Path, id: FileId) -> Option<&mut FileRecord> {
        self.files.get_mut(path).filter(|file| file.id == id)
    }

    /// Makes the files what a machine without power would still have. Nobody may change them meanwhile, or go on with them after.
    ///
    /// # Errors
    /// The system's: the files are neither.
    pub fn lose_power(&mut self, loss: &PowerLoss) -> io::Result<()> {
        let mut choice = Choice {
            model: loss.model,
            random: StdRng::seed_from_u64(loss.seed),
        };
        let files = std::mem::take(&mut self.files);
        let mut removed = std::mem::take(&mut self.removed);
        for (path, file) in files {
            // The index of a write-ahead log is memory that processes share.
            remove_if_there(&with_suffix(&path, "-shm"))?;
            let before = removed.remove(&path);
            match choice.name(before.is_some(), file.is_new) {
                Name::AsItIs => rewrite(&path, None, &file.changes, &mut choice)?,
                Name::Gone => remove_if_there(&path)?,
                Name::AsItWas => match before {
                    Some((content, changes)) => {
                        rewrite(&path, Some(&content), &changes, &mut choice)?;
                    }
                    None => remove_if_there(&path)?,
                },
            }
        }
        for (path, (content, changes)) in removed {
            if choice.name(true, false) == Name::AsItWas {
                rewrite(&path, Some(&content), &changes, &mut choice)?;
            }
        }
        Ok(())
    }
}

/// What a name leads to when the power is back.
#[derive(Debug, PartialEq, Eq)]
enum Name {
    /// The file of before the latest sync of the folder, or none.
    AsItWas,
    /// None: that file was removed, and the one in its place was not there yet.
    Gone,
    /// The file of now.
    AsItIs,
}

/// The choices of a model.
struct Choice {
    model: Model,
    random: StdRng,
}

impl Choice {
    /// A folder's changes come to the disk in their order.
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
        match change.fate {
            Fate::Durable => Portion::All,
            Fate::Lost => Portion::None,
            Fate::Open => match self.model {
                Model::Drop => Portion::None,
                Model::Reorder | Model::Torn if self.random.random_bool(0.5) => Portion::None,
                Model::Torn if self.random.random_bool(0.5) => self.torn(change),
                Model::Reorder | Model::Torn => Portion::All,
            },
        }
    }

    /// A part up to the end of one of the sectors; all of what lies in one.
    fn torn(&mut self, change: &Change) -> Portion {
        let ends = change.deed.sector_ends();
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
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .create(content.is_some())
        .truncate(content.is_some())
        .open(path)?;
    if let Some(content) = content {
        io::Write::write_all(&mut &file, content)?;
    }
    settle(&file, changes, |change| choice.portion(change))
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests;
