//! A data folder of a backup.

use super::digested::Digested;
use super::manifest::Manifest;
use super::restoration::{note_restored, now_ms};
use super::unpack::write_file;
use crate::keys;
use crate::regular_file;
use crate::store::database_of_log;
use crate::wall_clock::rfc3339;
use anyhow::Context as _;
use rusqlite::Connection;
use std::io::Read as _;
use std::path::Path;

/// Makes the data folder of a backup in a new folder `data`. Every file must have the digest that
/// the manifest says. Calls `progress` with the bytes of each part.
///
/// What clients hold from after the backup's moment fits this data no more. So the sessions end,
/// the API keys wait for an administrator's confirmation, and the services can learn when that was
/// ([`restored_at_ms`](super::restored_at_ms)).
///
/// # Errors
/// In words: which file is missing, or not as it was, or could not be written.
pub fn restore(
    backup: &Path,
    manifest: &Manifest,
    data: &Path,
    progress: &mut dyn FnMut(u64),
) -> anyhow::Result<()> {
    let now_ms = now_ms();
    anyhow::ensure!(
        manifest
            .taken_at_ms()
            .is_some_and(|taken_at_ms| taken_at_ms <= now_ms),
        "the backup is of {}, and this machine's clock says {}: set it right; if the clock was ahead \
         when the backup was made, correct `taken_at` in its manifest",
        manifest.taken_at,
        rfc3339::format(now_ms)
    );
    for copied in &manifest.files {
        let from = backup.join(copied.stored());
        let shown = from.display().to_string();
        let (content, _) = regular_file::open(&from).with_context(|| match from.exists() {
            true => shown.clone(),
            false => format!(
                "{shown}: if a running host keeps this backup, it has another now: restore that"
            ),
        })?;
        let to = data.join(&copied.path);
        // A log that is kept may have grown since its manifest was written.
        let mut content = Digested::new(content.take(copied.bytes));
        write_file(&to, &mut content, &shown, progress)?;
        let (bytes, sha256) = content.finish();
        anyhow::ensure!(
            (bytes, &sha256) == (copied.bytes, &copied.sha256),
            "{} is not as it was copied: it has {bytes} bytes and SHA-256 {sha256}, and the \
             manifest says {} and {}; restore another backup",
            from.display(),
            copied.bytes,
            copied.sha256
        );
        if let Some(database) = database_of_log(&to) {
            settle(&database).with_context(|| database.display().to_string())?;
        }
    }
    keys::suspend_api_keys(&data.join("keys"))?;
    note_restored(data, now_ms)
}

/// Moves the log of a store into its database.
fn settle(database: &Path) -> rusqlite::Result<()> {
    let sqlite = Connection::open(database)?;
    sqlite.pragma_update(None, "synchronous", "FULL")?;
    sqlite.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
