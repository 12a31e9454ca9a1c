//! Sizes and durations as people write them: `64MiB`, `10s`.

use std::num::NonZeroU32;
use std::time::Duration;

/// Parses a size such as `512KiB`, `64MiB`, `2GiB`, or `100B`.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    let wanted = || {
        format!(
            "`{text}` is not a size; \
             write a whole number and B, KiB, MiB, or GiB, such as \"64MiB\""
        )
    };
    let (number, unit) = split(text).ok_or_else(wanted)?;
    let factor = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(wanted()),
    };
    number
        .checked_mul(factor)
        .filter(|size| *size > 0)
        .ok_or_else(wanted)
}

/// Parses a duration such as `500ms`, `10s`, `5m`, `12h`, or `1d`.
///
/// # Errors
/// What to write, where the text is no duration, or is one of no time.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wanted = || {
        format!(
            "`{text}` is not a duration; \
             write a whole number and ms, s, m, h, or d, such as \"10s\""
        )
    };
    let (number, unit) = split(text).ok_or_else(wanted)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wanted()),
    };
    number
        .checked_mul(factor)
        .filter(|millis| *millis > 0)
        .map(Duration::from_millis)
        .ok_or_else(wanted)
}

/// A number of requests in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many requests, at once or spread.
    pub count: NonZeroU32,
    /// The period in which they count.
    pub period: Duration,
}

/// Parses a rate such as `50/s` or `600/m`.
pub(super) fn parse_rate(text: &str) -> Result<Rate, String> {
    let wanted =
        || format!("`{text}` is not a rate; write a whole number and /s or /m, such as \"50/s\"");
    let (count, unit) = text.split_once('/').ok_or_else(wanted)?;
    let period = match unit {
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        _ => return Err(wanted()),
    };
    let count = count.parse().map_err(|_| wanted())?;
    Ok(Rate { count, period })
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_read_in_binary_units_durations_in_whole_ones_and_rates_by_second_or_minute() {
        assert_eq!(parse_size("64MiB"), Ok(64 << 20));
        assert_eq!(parse_size("1 KiB"), Ok(1024));
        let large = "99999999999GiB";
        for wrong in ["", "64", "MiB", "64MB", "-1B", "0B", "1.5GiB", large] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }

        assert_eq!(parse_duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("2d"), Ok(Duration::from_secs(172_800)));
        for wrong in ["", "10", "s", "0s", "-1s", "1.5s", "1w", "99999999999999d"] {
            let problem = parse_duration(wrong).unwrap_err();
            assert!(problem.contains("such as \"10s\""), "{wrong}: {problem}");
        }

        let rate = parse_rate("50/s").unwrap();
        assert_eq!(rate.count.get(), 50);
        assert_eq!(rate.period, Duration::from_secs(1));
        for wrong in ["", "50", "/s", "0/s", "-1/s", "50/h", "50/ s", "1.5/s"] {
            assert!(parse_rate(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parsers_panic(text in ".*") {
            let _ = parse_size(&text);
            let _ = parse_duration(&text);
            let _ = parse_rate(&text);
        }
    }
}
