//! The latest trusted time, kept in the data folder: one line of RFC 3339.

use super::text;
use crate::durable_file::replace;
use crate::regular_file;
use std::io;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const FILE_NAME: &str = "last-time";
/// More than a time has, in bytes.
const FILE_BYTES_MAX: u64 = 64;

/// The kept time cannot be read.
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

    /// The kept time in milliseconds since 1970 UTC; none before the first.
    pub(super) fn read(&self) -> Result<Option<i64>, LastTimeError> {
        let failed = |problem: String| LastTimeError {
            file: self.0.display().to_string(),
            problem,
        };
        let content = match regular_file::read(&self.0, FILE_BYTES_MAX) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        let text = String::from_utf8(content).unwrap_or_default();
        let time = OffsetDateTime::parse(text.trim_end(), &Rfc3339)
            .map_err(|_| failed("it holds no time of RFC 3339".to_owned()))?;
        let time_ms = time.unix_timestamp_nanos().div_euclid(1_000_000);
        Ok(i64::try_from(time_ms).ok())
    }

    /// Keeps a time in the place of the one before it.
    pub(super) fn write(&self, time_ms: i64) -> io::Result<()> {
        replace(&self.0, format!("{}\n", text(time_ms)).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_was_kept_and_none_is_no_error() {
        let data = tempfile::tempdir().unwrap();
        let last = LastTime::of(data.path());
        assert_eq!(last.read().unwrap(), None);
        for time_ms in [1_800_000_000_123, 0, -1] {
            last.write(time_ms).unwrap();
            assert_eq!(last.read().unwrap(), Some(time_ms));
        }
    }

    #[test]
    fn a_file_that_holds_no_time_is_refused_with_what_to_do() {
        let data = tempfile::tempdir().unwrap();
        let last = LastTime::of(data.path());
        for content in ["", "yesterday", "2027-01-15"] {
            std::fs::write(&last.0, content).unwrap();
            let error = last.read().unwrap_err().to_string();
            assert!(error.contains("last-time: it holds no time"), "{error}");
            assert!(error.contains("remove it"), "{error}");
        }
    }
}
