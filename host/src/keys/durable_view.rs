//! Facts that each request needs, and that a crash must not lose: a view in memory, which requests
//! read without a lock, and a log, which makes it again.
//!
//! The log has one JSON object a line, appended and fsynced before a change is acknowledged. It is
//! rewritten from the view at each start, and when it has become much longer than the view.
//!
//! A last line without its end was never acknowledged, and is ignored. Any other line that cannot
//! be read stops the host: it cannot know what to refuse.

use super::KeysError;
use crate::durable_file::{open_to_append, replace};
use crate::private_file;
use crate::regular_file::if_there;
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The log is rewritten when it has this many lines more than the view has facts.
const STALE_LINES_MAX: usize = 10_000;

/// What a log makes in memory.
pub(super) trait View: Clone + Default {
    /// A line of the log.
    type Change: Serialize + DeserializeOwned;

    /// The name of the log's file.
    const FILE_NAME: &'static str;
    /// What a line is, for messages: `a revocation`.
    const LINE: &'static str;
    /// What happens if an operator removes the log, for messages.
    const LOSS: &'static str;

    /// Makes a change. A repeat changes nothing more.
    fn apply(&mut self, change: Self::Change);

    /// Leaves out what matters no more.
    fn forget(&mut self) {}

    /// The changes that make an empty view this one.
    fn changes(&self) -> impl Iterator<Item = Self::Change>;

    /// How many changes those are.
    fn len(&self) -> usize;
}

/// A view, and its log.
pub(super) struct DurableView<V> {
    view: ArcSwap<V>,
    log: Mutex<Log>,
}

struct Log {
    path: PathBuf,
    file: File,
    lines: usize,
}

impl<V: View> DurableView<V> {
    pub(super) fn open(folder: &Path) -> Result<Self, KeysError> {
        let path = folder.join(V::FILE_NAME);
        let view = read::<V>(&path)?;
        let lines = view.len();
        // The log begins without a torn line, which the next line would continue.
        rewrite(&path, &view).map_err(|error| KeysError::file(&path, error))?;
        let file = open_to_append(&path).map_err(|error| KeysError::file(&path, error))?;
        Ok(Self {
            view: ArcSwap::from_pointee(view),
            log: Mutex::new(Log { path, file, lines }),
        })
    }

    /// The view as it is now.
    pub(super) fn load(&self) -> arc_swap::Guard<Arc<V>> {
        self.view.load()
    }

    /// Makes the change that `decide` finds to be needed, if any. On return it is durable and in
    /// force. There is one change at a time, so it is decided on the view that it changes.
    ///
    /// # Errors
    /// Those of `decide`, or the log cannot be written; then the view is as it was.
    pub(super) fn change<E: From<io::Error>>(
        &self,
        decide: impl FnOnce(&V) -> Result<Option<V::Change>, E>,
    ) -> Result<(), E> {
        let mut log = self.log.lock();
        let before = self.view.load();
        let Some(change) = decide(&before)? else {
            return Ok(());
        };
        let mut view = V::clone(&before);
        view.forget();
        let line = line_of(&change)?;
        view.apply(change);
        log.append(&line, &view)?;
        self.view.store(Arc::new(view));
        Ok(())
    }
}

impl Log {
    /// Appends the line of the latest change of `view`, or writes the whole view.
    fn append<V: View>(&mut self, line: &[u8], view: &V) -> io::Result<()> {
        if self.lines > view.len() + STALE_LINES_MAX {
            rewrite(&self.path, view)?;
            self.file = open_to_append(&self.path)?;
            self.lines = view.len();
        } else {
            // Until the line is whole on disk the log counts as stale: after a failure the next
            // change rewrites it.
            let lines = std::mem::replace(&mut self.lines, usize::MAX);
            self.file.write_all(line)?;
            self.file.sync_data()?;
            self.lines = lines + 1;
        }
        Ok(())
    }
}

fn line_of<C: Serialize>(change: &C) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(change)?;
    line.push(b'\n');
    Ok(line)
}

fn rewrite<V: View>(path: &Path, view: &V) -> io::Result<()> {
    let mut content = Vec::new();
    for change in view.changes() {
        content.extend(line_of(&change)?);
    }
    replace(path, &content)
}

fn read<V: View>(path: &Path) -> Result<V, KeysError> {
    let content = if_there(private_file::read(path));
    let content = content.map_err(|error| KeysError::file(path, error))?;
    let content = content.unwrap_or_default();
    let mut view = V::default();
    let whole = content
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    for (index, line) in content[..whole].split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let change = serde_json::from_slice(line).map_err(|error| KeysError::Content {
            file: path.display().to_string(),
            problem: format!("line {} is not {}: {error}", index + 1, V::LINE),
            loss: V::LOSS,
        })?;
        view.apply(change);
    }
    view.forget();
    Ok(view)
}

#[cfg(test)]
mod tests {
    use super::super::revocations::{Revocation, RevocationView};
    use super::*;

    #[test]
    fn a_change_that_the_disk_does_not_take_is_not_in_force_and_spoils_no_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let open = || DurableView::<RevocationView>::open(folder.path()).unwrap();
        let view = open();
        let revoke = |session: &str| {
            let (at, session) = (jsonwebtoken::get_current_timestamp(), session.to_owned());
            view.change::<io::Error>(|_| Ok(Some(Revocation::Session { at, session })))
        };
        revoke("1").unwrap();
        view.log.lock().file = File::options().append(true).open("/dev/full").unwrap();
        revoke("2").unwrap_err();
        // A disk may have taken a part of the line.
        let mut log = open_to_append(&folder.path().join(RevocationView::FILE_NAME)).unwrap();
        log.write_all(b"{\"what\":").unwrap();
        revoke("3").unwrap();
        for view in [&view, &open()] {
            let is_revoked = ["1", "2", "3"].map(|session| view.load().revokes("u", 0, session));
            assert_eq!(is_revoked, [true, false, true]);
        }
    }
}
