//! Days of the calendar in UTC, from midnight to midnight.

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
/// The last year with four digits.
const YEAR_MAX: i32 = 9_999;
const MONTHS_OF_A_YEAR: i64 = 12;

/// A day of the years 1 to 9999.
///
/// ```
/// use strongroom_sdk::calendar::Day;
///
/// let day = Day::parse("2027-01-31").expect("a date");
/// assert_eq!(day.plus_months(1).map(|day| day.to_string()).as_deref(), Some("2027-02-28"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// Reads `YYYY-MM-DD` (ISO 8601); none for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        // A longer text could have a year with a sign or with more digits.
        if text.len() != TEXT_LENGTH {
            return None;
        }
        Self::of(Date::parse(text, FORMAT).ok()?)
    }

    /// The day of a time in milliseconds since 1970 UTC; none outside the calendar.
    pub fn at(time_ms: i64) -> Option<Self> {
        let time = OffsetDateTime::from_unix_timestamp(time_ms.div_euclid(1_000)).ok()?;
        Self::of(time.date())
    }

    /// The first millisecond of the day, since 1970 UTC.
    pub fn first_ms(self) -> i64 {
        self.0.midnight().assume_utc().unix_timestamp() * 1_000
    }

    /// The last millisecond of the day, since 1970 UTC.
    pub fn last_ms(self) -> i64 {
        self.first_ms() + DAY_MS - 1
    }

    /// The day so many days later; none outside the calendar.
    pub fn plus_days(self, days: i64) -> Option<Self> {
        let later = Duration::seconds(days.checked_mul(DAY_MS / 1_000)?);
        Self::of(self.0.checked_add(later)?)
    }

    /// The same day so many months later, or the last day of a shorter month; none outside the
    /// calendar.
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

    /// XML Schema has no year 0, and RFC 3339 none after 9999.
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
        // The client gets the part after `expected`.
        Self::parse(&text)
            .ok_or_else(|| D::Error::custom("no date, expected a date such as 2027-01-31"))
    }
}

#[cfg(test)]
mod tests;
