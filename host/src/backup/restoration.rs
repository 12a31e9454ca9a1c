//! When a data folder was made of a backup: one line of RFC 3339 in a file of it.

use crate::line_file;
use crate::wall_clock::{TimeSource, rfc3339};
use anyhow::Context as _;
use std::path::Path;

/// The file comes last into a restored data folder.
pub const FILE_NAME: &str = "restored-at";

/// When a data folder was made of a backup, in milliseconds since 1970 UTC; none if it never was.
///
/// # Errors
/// The file cannot be read. Without it, what ended at the restoration would go on.
pub fn restored_at_ms(data: &Path) -> anyhow::Result<Option<i64>> {
    let file = data.join(FILE_NAME);
    let line = line_file::read(&file).with_context(|| file.display().to_string())?;
    let at_ms = line.map(|line| {
        rfc3339::parse(&line)
            .with_context(|| format!("{} holds no time of RFC 3339", file.display()))
    });
    at_ms.transpose()
}

/// Notes that a data folder was made of a backup at `at_ms`.
pub(super) fn note_restored(data: &Path, at_ms: i64) -> anyhow::Result<()> {
    let file = data.join(FILE_NAME);
    line_file::write(&file, &rfc3339::format(at_ms)).with_context(|| file.display().to_string())
}

/// The machine's time.
pub(super) fn now_ms() -> i64 {
    i64::try_from(TimeSource::default().now_ms()).unwrap_or(i64::MAX)
}
