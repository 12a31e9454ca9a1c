use super::*;
use proptest::prelude::*;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

#[test]
fn a_day_is_written_with_all_its_digits_and_nothing_else() {
    assert_eq!(day("2026-11-22").first_ms(), 1_795_305_600_000);
    for text in ["2026-11-22", "2024-02-29", "0001-01-01", "9999-12-31"] {
        assert_eq!(day(text).to_string(), text);
    }
    let others = "|2026-11|2026-11-2|2026-11-022|2026-02-29|2026-13-01|2026-00-01|2026-01-00\
        |2026-11-31|0000-12-31|22-11-2026|2026/11/22|20261122|+026-11-22|-026-11-22|+2026-11-2\
        | 2026-11-2|2026-11-22T00:00:00Z|\u{662}\u{660}\u{662}\u{666}-11|２０２７-1|today";
    for text in others.split('|') {
        assert_eq!(Day::parse(text), None, "{text:?}");
    }
}

#[test]
fn the_calendar_has_an_end() {
    let last = day("9999-12-31");
    assert_eq!((last.plus_days(1), last.plus_months(1)), (None, None));
    assert_eq!(Day::at(last.last_ms() + 1), None);
    assert_eq!((Day::at(i64::MAX), Day::at(i64::MIN)), (None, None));
    let (days, months) = (last.plus_days(i64::MAX), last.plus_months(i64::MAX));
    assert_eq!((days, months), (None, None));
}

proptest! {
    /// The month is so many later, and the day is the same or the last of the month.
    #[test]
    fn a_later_month_has_the_same_day_or_ends_before_it(
        from in 0_i64..30_000,
        months in 0_i64..2_000,
    ) {
        let from = Day::at(from * DAY_MS).unwrap();
        let later = from.plus_months(months).unwrap();
        prop_assert_eq!(later.month_index(), from.month_index() + months);
        prop_assert_eq!(later.0.day(), from.0.day().min(later.0.month().length(later.0.year())));
    }

    #[test]
    fn a_day_is_read_as_it_is_written_and_lasts_from_midnight_to_midnight(
        from in -30_000_i64..30_000,
        days in 0_i64..30_000,
        ms in 0..DAY_MS,
    ) {
        let day = Day::at(from * DAY_MS).unwrap().plus_days(days).unwrap();
        prop_assert_eq!(day.first_ms(), (from + days) * DAY_MS);
        prop_assert_eq!(day.last_ms(), day.first_ms() + DAY_MS - 1);
        prop_assert_eq!(Day::parse(&day.to_string()), Some(day));
        for time_ms in [day.first_ms(), day.first_ms() + ms, day.last_ms()] {
            prop_assert_eq!(Day::at(time_ms), Some(day));
        }
    }
}
