//! The dates of a standing order.
//!
//! Each date is computed from the first one and its number, never from the date before it: so a payment of the 31st falls on the last day of
//! February and on the 31st of March again. Days are those of UTC, and begin at midnight.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use time::{Date, Duration, Month, OffsetDateTime, Time};

/// The latest year that is written with four digits.
const YEAR_MAX: i32 = 9_999;
const DAYS_OF_A_WEEK: i64 = 7;
const MONTHS_OF_A_YEAR: i64 = 12;

/// A day of the calendar: `2027-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let (year, month, day) = match text.as_bytes() {
            [_, _, _, _, b'-', _, _, b'-', _, _] => {
                (text.get(..4)?, text.get(5..7)?, text.get(8..)?)
            }
            _ => return None,
        };
        if !digits(year) || !digits(month) || !digits(day) {
            return None;
        }
        let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
        Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?)
            .ok()
            .map(Self)
    }

    /// The day on which a moment is; none beyond the calendar.
    pub fn at(time_ms: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(time_ms) * 1_000_000)
            .ok()
            .map(|time| Self(time.date()))
    }

    /// Its first moment, in milliseconds since 1970 UTC.
    pub fn begin_ms(self) -> i64 {
        let midnight = self.0.with_time(Time::MIDNIGHT).assume_utc();
        // Years have four digits here: far within the range.
        midnight.unix_timestamp().saturating_mul(1_000)
    }

    fn plus_days(self, days: i64) -> Option<Self> {
        let date = self.0.checked_add(Duration::days(days))?;
        (date.year() <= YEAR_MAX).then_some(Self(date))
    }

    /// The same day of a later month, or its last day where it has no such day.
    fn plus_months(self, months: i64) -> Option<Self> {
        let index = i64::from(self.0.year())
            .checked_mul(MONTHS_OF_A_YEAR)?
            .checked_add(i64::from(u8::from(self.0.month())) - 1)?
            .checked_add(months)?;
        let year = i32::try_from(index.div_euclid(MONTHS_OF_A_YEAR)).ok()?;
        let number = u8::try_from(index.rem_euclid(MONTHS_OF_A_YEAR)).ok()?;
        let month = Month::try_from(number.checked_add(1)?).ok()?;
        if year > YEAR_MAX {
            return None;
        }
        let day = self.0.day().min(month.length(year));
        Date::from_calendar_date(year, month, day).ok().map(Self)
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

/// What lies between two dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Days.
    Daily,
    /// Weeks: the same day of the week.
    Weekly,
    /// Months: the same day of the month, or the month's last.
    Monthly,
}

/// All dates of a standing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The first.
    pub start: Day,
    /// Days, weeks, or months.
    pub interval: Interval,
    /// How many of them lie between two dates: at least 1.
    pub every: u16,
    /// No date is later than this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// There are no more dates than these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

impl Plan {
    /// The date of a number: the first has 0. None behind the last.
    pub fn date(&self, number: u32) -> Option<Day> {
        if self.count.is_some_and(|count| number >= count) {
            return None;
        }
        let steps = i64::from(number).checked_mul(i64::from(self.every))?;
        let day = match self.interval {
            Interval::Daily => self.start.plus_days(steps),
            Interval::Weekly => self.start.plus_days(steps.checked_mul(DAYS_OF_A_WEEK)?),
            Interval::Monthly => self.start.plus_months(steps),
        }?;
        self.until.is_none_or(|until| day <= until).then_some(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn plan(start: &str, interval: Interval, every: u16) -> Plan {
        Plan {
            start: day(start),
            interval,
            every,
            until: None,
            count: None,
        }
    }

    fn dates(plan: &Plan, count: u32) -> Vec<String> {
        (0..count)
            .filter_map(|number| plan.date(number).map(|day| day.to_string()))
            .collect()
    }

    #[test]
    fn the_31st_is_the_last_day_of_a_shorter_month_and_comes_back() {
        assert_eq!(
            dates(&plan("2027-12-31", Interval::Monthly, 1), 5),
            [
                "2027-12-31",
                "2028-01-31",
                "2028-02-29",
                "2028-03-31",
                "2028-04-30"
            ]
        );
        assert_eq!(
            dates(&plan("2028-02-29", Interval::Monthly, 12), 5),
            [
                "2028-02-29",
                "2029-02-28",
                "2030-02-28",
                "2031-02-28",
                "2032-02-29"
            ]
        );
        assert_eq!(
            dates(&plan("2100-01-30", Interval::Monthly, 1), 2),
            ["2100-01-30", "2100-02-28"]
        );
    }

    #[test]
    fn days_and_weeks_are_counted_over_the_ends_of_months() {
        assert_eq!(
            dates(&plan("2028-02-28", Interval::Daily, 1), 3),
            ["2028-02-28", "2028-02-29", "2028-03-01"]
        );
        assert_eq!(
            dates(&plan("2027-12-24", Interval::Weekly, 2), 3),
            ["2027-12-24", "2028-01-07", "2028-01-21"]
        );
    }

    #[test]
    fn an_end_is_the_last_date_or_a_number_of_them() {
        let mut until = plan("2027-01-01", Interval::Daily, 1);
        until.until = Some(day("2027-01-02"));
        assert_eq!(dates(&until, 9), ["2027-01-01", "2027-01-02"]);
        let mut count = plan("2027-01-01", Interval::Daily, 1);
        count.count = Some(1);
        assert_eq!(dates(&count, 9), ["2027-01-01"]);
        assert_eq!(dates(&plan("9999-12-31", Interval::Daily, 1), 9).len(), 1);
        assert_eq!(dates(&plan("9999-12-01", Interval::Monthly, 1), 9).len(), 1);
        assert_eq!(
            plan("2027-01-01", Interval::Monthly, u16::MAX).date(u32::MAX),
            None
        );
    }

    #[test]
    fn a_date_has_one_form() {
        assert_eq!(Day::parse("2028-02-29").unwrap().to_string(), "2028-02-29");
        for text in [
            "2027-02-29",
            "2027-2-01",
            "+027-01-01",
            "2027-13-01",
            "2027-00-01",
            "2027-01-00",
            "2027-01-32",
            "2027/01/01",
            "2027-01-01T00:00:00Z",
            "",
            "20270101",
            "２027-1-1",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert_eq!(day("1970-01-02").begin_ms(), 86_400_000);
        assert_eq!(Day::at(86_399_999), Some(day("1970-01-01")));
        assert_eq!(Day::at(86_400_000), Some(day("1970-01-02")));
        assert_eq!(Day::at(i64::MAX), None);
    }

    proptest! {
        /// The month's number grows by one each time, and the day is the first one's or the month's last.
        #[test]
        fn a_monthly_payment_skips_no_month_and_does_not_drift(from in 0_i64..30_000, length in 1_u32..2_000) {
            let start = Day::at(from * 86_400_000).unwrap();
            let plan = Plan { start, interval: Interval::Monthly, every: 1, until: None, count: None };
            let index = |day: Day| i64::from(day.0.year()) * 12 + i64::from(u8::from(day.0.month()));
            let mut seen = HashSet::new();
            for number in 0..length {
                let date = plan.date(number).unwrap();
                prop_assert_eq!(index(date), index(start) + i64::from(number));
                let last = date.0.month().length(date.0.year());
                prop_assert_eq!(date.0.day(), start.0.day().min(last));
                prop_assert!(seen.insert(date.to_string()));
            }
        }

        #[test]
        fn dates_grow_and_are_read_as_they_are_written(
            from in 0_i64..30_000, every in 1_u16..=366, number in 0_u32..1_000,
            interval in prop_oneof![Just(Interval::Daily), Just(Interval::Weekly), Just(Interval::Monthly)],
        ) {
            let start = Day::at(from * 86_400_000).unwrap();
            let plan = Plan { start, interval, every, until: None, count: None };
            if let (Some(one), Some(next)) = (plan.date(number), plan.date(number + 1)) {
                prop_assert!(one < next && one.begin_ms() < next.begin_ms());
                prop_assert_eq!(Day::parse(&next.to_string()), Some(next));
                prop_assert_eq!(Day::at(next.begin_ms()), Some(next));
            }
        }
    }
}
