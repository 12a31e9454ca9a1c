//! When a data folder was made of a backup: one line of RFC 3339 in a file of it.

use crate::line_file;
use crate::wall_clock::{TimeSource, rfc3339};
use anyhow::Context as _;
use std::path::Path;

/// The file comes last into a restored data folder.
pub const FILE_NAME: &str = "restored-at";

/// The time at which a data folder was made of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restoration {
    /// In milliseconds since 1970 UTC.
    pub at_ms: i64,
}

impl Restoration {
    /// That of a data folder; none if it was never restored.
    ///
    /// # Errors
    /// The file cannot be read. Without it, what ended at the restoration would go on.
    pub fn of(data: &Path) -> anyhow::Result<Option<Self>> {
        let file = data.join(FILE_NAME);
        let line = line_file::read(&file).with_context(|| file.display().to_string())?;
        let Some(line) = line else { return Ok(None) };
        let at_ms = rfc3339::parse(&line)
            .with_context(|| format!("{} holds no time of RFC 3339", file.display()))?;
        Ok(Some(Self { at_ms }))
    }

    pub(super) fn write(self, data: &Path) -> anyhow::Result<()> {
        let file = data.join(FILE_NAME);
        line_file::write(&file, &rfc3339::format(self.at_ms))
            .with_context(|| file.display().to_string())
    }
}

/// The machine's time.
pub(super) fn now_ms() -> i64 {
    i64::try_from(TimeSource::default().now_ms()).unwrap_or(i64::MAX)
}
