use super::*;
use crate::tests::kit::rows;
use proptest::prelude::*;

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
    let dates = (0..count).filter_map(|number| plan.date(number));
    dates.map(|day| day.to_string()).collect()
}

#[test]
fn dates_are_counted_over_the_ends_of_months_and_the_31st_comes_back() {
    for (start, interval, every, expected) in rows! {
        ("2027-12-31", Interval::Monthly, 1, "2027-12-31 2028-01-31 2028-02-29 2028-03-31"),
        ("2031-02-28", Interval::Monthly, 12, "2031-02-28 2032-02-28"),
        ("2028-02-29", Interval::Monthly, 48, "2028-02-29 2032-02-29"),
        ("2028-02-29", Interval::Monthly, 12, "2028-02-29 2029-02-28 2030-02-28"),
        ("2100-01-30", Interval::Monthly, 1, "2100-01-30 2100-02-28"),
        ("2028-02-28", Interval::Daily, 1, "2028-02-28 2028-02-29 2028-03-01"),
        ("2027-12-24", Interval::Weekly, 2, "2027-12-24 2028-01-07 2028-01-21"),
    } {
        let expected: Vec<&str> = expected.split(' ').collect();
        let plan = plan(start, interval, every);
        assert_eq!(dates(&plan, expected.len() as u32), expected);
    }
}

#[test]
fn an_end_is_the_last_date_or_a_number_of_them() {
    let mut daily = plan("2027-01-01", Interval::Daily, 1);
    daily.until = Some(day("2027-01-02"));
    assert_eq!(dates(&daily, 9), ["2027-01-01", "2027-01-02"]);
    (daily.until, daily.count) = (None, Some(1));
    assert_eq!(dates(&daily, 9), ["2027-01-01"]);
    assert_eq!(dates(&plan("9999-12-31", Interval::Daily, 1), 9).len(), 1);
    assert_eq!(dates(&plan("9999-12-01", Interval::Monthly, 1), 9).len(), 1);
    let endless = plan("2027-01-01", Interval::Monthly, u16::MAX);
    assert_eq!(endless.date(u32::MAX), None);
}

proptest! {
    #[test]
    fn a_monthly_payment_does_not_drift(from in 0_i64..30_000, length in 1_u32..2_000) {
        let start = Day::at(from * 86_400_000).unwrap();
        let plan = plan(&start.to_string(), Interval::Monthly, 1);
        for number in 0..length {
            prop_assert_eq!(plan.date(number), start.plus_months(i64::from(number)));
            prop_assert!(plan.date(number).is_some());
        }
    }

    #[test]
    fn dates_grow(
        from in 0_i64..30_000, every in 1_u16..=366, number in 0_u32..1_000,
        interval in proptest::sample::select(&[Interval::Daily, Interval::Weekly, Interval::Monthly]),
    ) {
        let start = Day::at(from * 86_400_000).unwrap();
        let plan = plan(&start.to_string(), interval, every);
        if let (Some(one), Some(next)) = (plan.date(number), plan.date(number + 1)) {
            prop_assert!(one < next && one.first_ms() < next.first_ms());
        }
    }
}
