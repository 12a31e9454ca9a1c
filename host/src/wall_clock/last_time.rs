//! The latest trusted time, in a file of the data folder: one line of RFC 3339.

use super::rfc3339;
use crate::line_file;
use std::io;
use std::path::{Path, PathBuf};

/// Its name in the data folder.
pub const FILE_NAME: &str = "last-time";

/// The saved time cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}; remove it, and the clock is believed as it is")]
pub struct LastTimeError {
    file: String,
    problem: String,
}

/// The file with the time.
#[derive(Debug)]
pub(super) struct LastTime(PathBuf);

impl LastTime {
    pub(super) fn of(data: &Path) -> Self {
        Self(data.join(FILE_NAME))
    }

    /// Returns the saved time in milliseconds since 1970 UTC; none before the first.
    pub(super) fn read(&self) -> Result<Option<i64>, LastTimeError> {
        let failed = |problem: String| LastTimeError {
            file: self.0.display().to_string(),
            problem,
        };
        let line = line_file::read(&self.0).map_err(|error| failed(error.to_string()))?;
        let Some(line) = line else { return Ok(None) };
        match rfc3339::parse(&line) {
            Some(time_ms) => Ok(Some(time_ms)),
            None => Err(failed("it holds no time of RFC 3339".to_owned())),
        }
    }

    /// Replaces the saved time.
    pub(super) fn write(&self, time_ms: i64) -> io::Result<()> {
        line_file::write(&self.0, &rfc3339::format(time_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_was_saved_and_what_is_no_time_is_refused_with_what_to_do() {
        let data = tempfile::tempdir().unwrap();
        let last = LastTime::of(data.path());
        assert_eq!(last.read().unwrap(), None);
        for time_ms in [1_800_000_000_123, 0, -1] {
            last.write(time_ms).unwrap();
            assert_eq!(last.read().unwrap(), Some(time_ms));
        }
        for content in ["", "yesterday", "2027-01-15"] {
            std::fs::write(&last.0, content).unwrap();
            let error = last.read().unwrap_err().to_string();
            assert!(error.contains("last-time: it holds no time"), "{error}");
            assert!(error.contains("remove it"), "{error}");
        }
    }
}
