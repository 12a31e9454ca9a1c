//! The time, which a service is given, so that a test can choose it; and its text form.

use std::ops::RangeInclusive;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// RFC 3339 in UTC, with milliseconds.
const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// The years that RFC 3339 can write.
const YEARS: RangeInclusive<i32> = 0..=9999;

/// Gives the time.
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

/// A time as users see it, in RFC 3339. A time outside the years 0 to 9999 has no such form: the
/// text is its milliseconds, so that a broken row still shows its value.
///
/// ```
/// use strongroom_sdk::clock::{format_rfc3339, parse_rfc3339};
///
/// assert_eq!(format_rfc3339(1_795_374_657_123), "2026-11-22T19:10:57.123Z");
/// assert_eq!(parse_rfc3339("2026-11-22T20:10:57.123+01:00"), Some(1_795_374_657_123));
/// ```
pub fn format_rfc3339(time_ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(time_ms) * 1_000_000)
        .ok()
        .filter(|time| YEARS.contains(&time.year()))
        .and_then(|time| time.format(FORMAT).ok())
        .unwrap_or_else(|| time_ms.to_string())
}

/// The milliseconds since 1970 UTC of an RFC 3339 time of any offset, rounded towards the past;
/// none for any other text, and for a time that is not in the years 0 to 9999 of UTC.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let time = time.checked_to_offset(UtcOffset::UTC)?;
    if !YEARS.contains(&time.year()) {
        return None;
    }
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// A clock that a test sets. Its clones show the same time.
#[cfg(feature = "native")]
#[derive(Debug, Clone)]
pub struct ManualClock(std::rc::Rc<std::cell::Cell<i64>>);

#[cfg(feature = "native")]
impl ManualClock {
    /// A clock that stands at this time.
    pub fn at(time_ms: i64) -> Self {
        Self(std::rc::Rc::new(std::cell::Cell::new(time_ms)))
    }

    /// Sets the clock to this time.
    pub fn set_ms(&self, time_ms: i64) {
        self.0.set(time_ms);
    }

    /// Moves the clock by so many milliseconds, back if they are negative.
    pub fn pass_ms(&self, milliseconds: i64) {
        self.0.set(self.0.get() + milliseconds);
    }
}

#[cfg(feature = "native")]
impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.get()
    }
}

#[cfg(test)]
mod tests;
