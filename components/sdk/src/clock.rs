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
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_milliseconds() {
        assert_eq!(format_rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            format_rfc3339(1_795_374_657_123),
            "2026-11-22T19:10:57.123Z"
        );
        assert_eq!(format_rfc3339(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(format_rfc3339(i64::MAX), i64::MAX.to_string());
    }

    #[test]
    fn times_are_read_at_any_offset_and_cut_to_milliseconds() {
        for (text, time_ms) in [
            ("2026-11-22T19:10:57.123Z", Some(1_795_374_657_123)),
            ("2026-11-22T19:10:57.123999Z", Some(1_795_374_657_123)),
            ("2026-11-22T20:10:57.123+01:00", Some(1_795_374_657_123)),
            ("2026-11-22T19:10:57Z", Some(1_795_374_657_000)),
            ("1969-12-31T23:59:59.9999Z", Some(-1)),
            ("2026-11-22T20:10:57.123 01:00", None),
            ("2026-11-22T19:10:57", None),
            ("2026-11-22", None),
            ("2026-02-30T00:00:00Z", None),
            ("1795374657123", None),
            ("", None),
        ] {
            assert_eq!(parse_rfc3339(text), time_ms, "{text:?}");
        }
    }

    #[test]
    fn the_system_clock_is_past_2026() {
        assert!(SystemClock.now_ms() > 1_767_225_600_000);
    }
}
