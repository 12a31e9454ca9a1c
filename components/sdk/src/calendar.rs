//! Days of the calendar. They are those of UTC, and begin at midnight.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Duration, Month, OffsetDateTime};

const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// `2026-11-22`.
const TEXT_LENGTH: usize = 10;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// The latest year that is written with four digits.
const YEAR_MAX: i32 = 9_999;
const MONTHS_OF_A_YEAR: i64 = 12;

/// A day of the calendar, of the years 1 to 9999: `2027-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// Reads `YYYY-MM-DD` (ISO 8601), and no other form of it.
    pub fn parse(text: &str) -> Option<Self> {
        // The year of a longer text could have a sign, or more digits.
        if text.len() != TEXT_LENGTH {
            return None;
        }
        Self::of(Date::parse(text, FORMAT).ok()?)
    }

    /// The day on which a moment is, in milliseconds since 1970 UTC; none beyond the calendar.
    pub fn at(time_ms: i64) -> Option<Self> {
        let time = OffsetDateTime::from_unix_timestamp(time_ms.div_euclid(1_000)).ok()?;
        Self::of(time.date())
    }

    /// Its first millisecond since 1970 UTC.
    pub fn first_ms(self) -> i64 {
        self.0.midnight().assume_utc().unix_timestamp() * 1_000
    }

    /// Its last millisecond.
    pub fn last_ms(self) -> i64 {
        self.first_ms() + DAY_MS - 1
    }

    /// The day so many days later; none beyond the calendar.
    pub fn plus_days(self, days: i64) -> Option<Self> {
        let later = Duration::seconds(days.checked_mul(DAY_MS / 1_000)?);
        Self::of(self.0.checked_add(later)?)
    }

    /// The same day of a later month, or its last day where it has no such day; none beyond the calendar.
    pub fn plus_months(self, months: i64) -> Option<Self> {
        let index = self.month_index().checked_add(months)?;
        let year = i32::try_from(index.div_euclid(MONTHS_OF_A_YEAR)).ok()?;
        let number = u8::try_from(index.rem_euclid(MONTHS_OF_A_YEAR)).ok()?;
        let month = Month::try_from(number.checked_add(1)?).ok()?;
        if year > YEAR_MAX {
            return None;
        }
        let day = self.0.day().min(month.length(year));
        Self::of(Date::from_calendar_date(year, month, day).ok()?)
    }

    /// Months since the year 0.
    fn month_index(self) -> i64 {
        i64::from(self.0.year()) * MONTHS_OF_A_YEAR + i64::from(u8::from(self.0.month())) - 1
    }

    /// XML Schema knows no year 0, and RFC 3339 none after 9999.
    fn of(date: Date) -> Option<Self> {
        (1..=YEAR_MAX).contains(&date.year()).then_some(Self(date))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(formatter, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The part behind `expected` is what the client is told.
        Self::parse(&text)
            .ok_or_else(|| D::Error::custom("no date, expected a date such as 2027-01-31"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_day_is_written_with_all_its_digits_and_nothing_else() {
        for text in ["2026-11-22", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(day(text).to_string(), text);
        }
        for text in [
            "",
            "2026-11",
            "2026-11-2",
            "2026-11-022",
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
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
            "２０２７-1",
            "today",
        ] {
            assert_eq!(Day::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_day_is_every_millisecond_from_midnight_to_midnight() {
        let day = day("2026-11-22");
        assert_eq!(day.first_ms(), 1_795_305_600_000);
        assert_eq!(day.last_ms(), 1_795_391_999_999);
        for time_ms in [day.first_ms(), day.first_ms() + 1, day.last_ms()] {
            assert_eq!(Day::at(time_ms), Some(day));
        }
        assert_ne!(Day::at(day.first_ms() - 1), Some(day));
        assert_ne!(Day::at(day.last_ms() + 1), Some(day));
        let before_1970 = Day::parse("1969-12-31").unwrap();
        assert_eq!(
            (Day::at(-1), before_1970.last_ms()),
            (Some(before_1970), -1)
        );
    }

    #[test]
    fn the_calendar_has_an_end() {
        let last = day("9999-12-31");
        assert_eq!((last.plus_days(1), last.plus_months(1)), (None, None));
        assert_eq!(Day::at(last.last_ms() + 1), None);
        assert_eq!((Day::at(i64::MAX), Day::at(i64::MIN)), (None, None));
        assert_eq!(
            (last.plus_days(i64::MAX), last.plus_months(i64::MAX)),
            (None, None)
        );
    }

    proptest! {
        /// The month's number grows by as much, and the day is the first one's or the month's last.
        #[test]
        fn a_later_month_has_the_same_day_or_ends_before_it(from in 0_i64..30_000, months in 0_i64..2_000) {
            let from = Day::at(from * DAY_MS).unwrap();
            let later = from.plus_months(months).unwrap();
            prop_assert_eq!(later.month_index(), from.month_index() + months);
            let last = later.0.month().length(later.0.year());
            prop_assert_eq!(later.0.day(), from.0.day().min(last));
        }

        #[test]
        fn a_day_is_read_as_it_is_written(from in 0_i64..30_000, days in 0_i64..30_000) {
            let day = Day::at(from * DAY_MS).unwrap().plus_days(days).unwrap();
            prop_assert_eq!(day.first_ms(), (from + days) * DAY_MS);
            prop_assert_eq!(Day::parse(&day.to_string()), Some(day));
            prop_assert_eq!(Day::at(day.first_ms()), Some(day));
        }
    }
}
