use super::*;
use crate::rows;

#[test]
fn times_are_written_in_utc_with_milliseconds() {
    for (time_ms, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_374_657_123, "2026-11-22T19:10:57.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (i64::MAX, "9223372036854775807"),
    ] {
        assert_eq!(format_rfc3339(time_ms), text);
    }
}

#[test]
fn times_are_read_at_any_offset_and_cut_to_milliseconds() {
    for (text, time_ms) in rows! {
        ("2026-11-22T19:10:57.123Z", Some(1_795_374_657_123)),
        ("2026-11-22T19:10:57.123999Z", Some(1_795_374_657_123)),
        ("2026-11-22T20:10:57.123+01:00", Some(1_795_374_657_123)),
        ("2026-11-22T19:10:57Z", Some(1_795_374_657_000)),
        ("1969-12-31T23:59:59.9999Z", Some(-1)),
        ("9999-12-31T23:59:59.999Z", Some(253_402_300_799_999)),
        ("9999-12-31T23:59:59-10:00", None), ("0000-01-01T00:00:00+00:01", None),
        ("2026-11-22T20:10:57.123 01:00", None), ("2026-11-22T19:10:57", None),
        ("2026-11-22", None), ("2026-02-30T00:00:00Z", None), ("1795374657123", None), ("", None),
    } {
        assert_eq!(parse_rfc3339(text), time_ms, "{text:?}");
    }
}

#[test]
fn the_system_clock_is_past_2026() {
    assert!(SystemClock.now_ms() > 1_767_225_600_000);
}
