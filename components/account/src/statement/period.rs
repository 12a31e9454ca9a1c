//! The days that a statement covers. Days are those of UTC, and begin at midnight.

use std::fmt;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// `2026-11-22`.
const TEXT_LENGTH: usize = 10;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// Reads `YYYY-MM-DD`, from the year 1 on: XML Schema knows no year 0.
    pub fn parse(text: &str) -> Option<Self> {
        // The year of a longer text could have a sign, or more digits.
        if text.len() != TEXT_LENGTH {
            return None;
        }
        let date = Date::parse(text, FORMAT).ok()?;
        (date.year() >= 1).then_some(Self(date))
    }

    /// The day on which a moment is, as the bank's clock tells it.
    pub fn at(time_ms: i64) -> Self {
        let time = OffsetDateTime::from_unix_timestamp(time_ms.div_euclid(1_000));
        Self(time.unwrap_or(OffsetDateTime::UNIX_EPOCH).date())
    }

    /// Its first millisecond since 1970 UTC.
    pub fn first_ms(self) -> i64 {
        self.0.midnight().assume_utc().unix_timestamp() * 1_000
    }

    /// Its last millisecond.
    pub fn last_ms(self) -> i64 {
        self.first_ms() + DAY_MS - 1
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// From a day to the same or a later one, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Day,
    to: Day,
}

impl Period {
    /// None where `from` is after `to`.
    pub fn new(from: Day, to: Day) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// The first day.
    pub fn from(&self) -> Day {
        self.from
    }

    /// The last day.
    pub fn to(&self) -> Day {
        self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_with_all_its_digits_and_nothing_else() {
        for text in ["2026-11-22", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(
                Day::parse(text).map(|day| day.to_string()),
                Some(text.to_owned())
            );
        }
        for text in [
            "",
            "2026-11",
            "2026-11-2",
            "2026-11-022",
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-11-31",
            "0000-12-31",
            "22-11-2026",
            "2026/11/22",
            "20261122",
            "+026-11-22",
            "-026-11-22",
            "+2026-11-2",
            " 2026-11-2",
            "2026-11-22T00:00:00Z",
            "\u{662}\u{660}\u{662}\u{666}-11",
            "today",
        ] {
            assert_eq!(Day::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_day_is_every_millisecond_from_midnight_to_midnight() {
        let day = Day::parse("2026-11-22").unwrap();
        assert_eq!(day.first_ms(), 1_795_305_600_000);
        assert_eq!(day.last_ms(), 1_795_391_999_999);
        for time_ms in [day.first_ms(), day.first_ms() + 1, day.last_ms()] {
            assert_eq!(Day::at(time_ms), day);
        }
        assert_ne!(Day::at(day.first_ms() - 1), day);
        assert_ne!(Day::at(day.last_ms() + 1), day);
        let before_1970 = Day::parse("1969-12-31").unwrap();
        assert_eq!((Day::at(-1), before_1970.last_ms()), (before_1970, -1));
    }

    #[test]
    fn a_period_does_not_end_before_it_begins() {
        let [one, other] = ["2026-11-22", "2026-11-23"].map(|text| Day::parse(text).unwrap());
        assert!(Period::new(one, one).is_some());
        assert!(Period::new(one, other).is_some());
        assert_eq!(Period::new(other, one), None);
    }
}
