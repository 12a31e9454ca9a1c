//! The time of day, handed in so that a test can choose it, and its one text form.

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// RFC 3339 in UTC, with milliseconds.
const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Tells the time.
pub trait Clock {
    /// Milliseconds since 1970 UTC, without leap seconds.
    fn now_ms(&self) -> i64;
}

/// The clock of the machine; in a component, `wasi:clocks/wall-clock`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

/// A time as users see it: `2026-11-22T19:10:57.123Z`.
///
/// A time outside the years 0 to 9999 cannot be written in RFC 3339; it is written as its milliseconds, so that a broken row still
/// shows what it holds.
pub fn format_rfc3339(time_ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(time_ms) * 1_000_000)
        .ok()
        .filter(|time| (0..=9999).contains(&time.year()))
        .and_then(|time| time.format(FORMAT).ok())
        .unwrap_or_else(|| time_ms.to_string())
}

/// The milliseconds since 1970 UTC of an RFC 3339 time of any offset; what is finer is cut off, towards the past. None for any other text.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

#[cfg(test)]
mod tests;
