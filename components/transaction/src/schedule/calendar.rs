//! The dates of a standing order.
//!
//! Each date is computed from the first one and its number, never from the previous date. So a
//! payment of the 31st falls on the last day of February, and on the 31st of March again.

use serde::{Deserialize, Serialize};
use strongroom_sdk::calendar::Day;
use utoipa::ToSchema;

const DAYS_OF_A_WEEK: i64 = 7;

/// The unit of what lies between two dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// A number of days.
    Daily,
    /// A number of weeks: the same day of the week.
    Weekly,
    /// A number of months: the same day of the month, or the month's last.
    Monthly,
}

/// All dates of a standing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The first date.
    pub start: Day,
    /// The unit of what lies between two dates.
    pub interval: Interval,
    /// How many units lie between two dates: at least 1.
    pub every: u16,
    /// No date is later than this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// The number of dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

impl Plan {
    /// The date with this number: the first has 0. None behind the last.
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
mod tests;
