//! When each API key was last accepted: in memory at each request, and now and then in a file, one
//! JSON object of ids and milliseconds since 1970. A crash loses what came since. No decision
//! depends on it.

use super::view::ApiKeyView;
use crate::durable_file::replace;
use crate::keys::KeysError;
use crate::private_file;
use crate::regular_file::if_there;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use uuid::Uuid;

pub(in crate::keys) const FILE_NAME: &str = "api-key-uses.json";

type Uses = BTreeMap<Uuid, u64>;

/// The file, and what it holds.
pub(super) struct LastUses {
    path: PathBuf,
    saved: Mutex<Uses>,
}

/// The last uses of the keys that are known.
pub(super) fn of(view: &ApiKeyView) -> Uses {
    view.keys()
        .map(|known| (known.key.id, known.last_used_ms.load(Relaxed)))
        .filter(|(_, last_used_ms)| *last_used_ms > 0)
        .collect()
}

impl LastUses {
    /// Reads the file, and notes its uses at the keys.
    pub(super) fn open(folder: &Path, view: &ApiKeyView) -> Result<Self, KeysError> {
        let path = folder.join(FILE_NAME);
        let content = if_there(private_file::read(&path));
        let content = content.map_err(|error| KeysError::file(&path, error))?;
        let read = content.map(|content| serde_json::from_slice::<Uses>(&content));
        let saved = read.transpose().map_err(|error| KeysError::Content {
            file: path.display().to_string(),
            problem: format!("does not hold the last uses of API keys: {error}"),
            loss: "then it is forgotten when each API key was last used",
        });
        let saved = saved?.unwrap_or_default();
        for (id, last_used_ms) in &saved {
            if let Some(known) = view.by_id(*id) {
                known.last_used_ms.store(*last_used_ms, Relaxed);
            }
        }
        Ok(Self {
            path,
            saved: Mutex::new(saved),
        })
    }

    /// Replaces the file, if it holds something else.
    pub(super) fn save(&self, uses: Uses) -> io::Result<()> {
        let mut saved = self.saved.lock();
        if *saved != uses {
            replace(&self.path, &serde_json::to_vec(&uses)?)?;
            *saved = uses;
        }
        Ok(())
    }
}
