//! The days that a statement covers.

use strongroom_sdk::calendar::Day;

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
    fn a_period_does_not_end_before_it_begins() {
        let [one, other] = ["2026-11-22", "2026-11-23"].map(|text| Day::parse(text).unwrap());
        assert!(Period::new(one, one).is_some());
        assert!(Period::new(one, other).is_some());
        assert_eq!(Period::new(other, one), None);
    }
}
