//! `POST /dev/clock`: moves the time of a host that runs with `serve --dev`.

use super::body::parse_object;
use crate::registry::parse_duration;
use crate::wall_clock::TimeSource;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockBody {
    /// By how much to move the time ahead, such as `1d`.
    advance: String,
}

/// The response.
#[derive(Debug, Serialize)]
pub(super) struct NewTime {
    now: String,
}

/// Moves the time ahead as a body asks.
///
/// # Errors
/// What is wrong with the body, and what to send.
pub(super) fn advance(time: &TimeSource, body: &[u8]) -> Result<NewTime, String> {
    let body: ClockBody = parse_object(body)
        .map_err(|error| format!("the body must be {{\"advance\":\"1d\"}}: {error}"))?;
    let by = parse_duration(&body.advance).map_err(|problem| format!("advance: {problem}"))?;
    let now = time
        .advance(by)
        .map_err(|error| format!("advance: {error}"))?;
    tracing::info!(by = body.advance, now, "the time was moved ahead");
    Ok(NewTime { now })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_time_moves_by_a_duration_and_by_no_other_body_which_is_told_what_to_send() {
        let time = TimeSource::default();
        let before = time.now();
        let told = advance(&time, br#"{"advance":"36h"}"#).unwrap();
        assert!(time.now() - before >= Duration::from_secs(36 * 3_600));
        assert!(told.now.ends_with('Z'), "{told:?}");
        for (body, told) in rows! {
            ("", r#"{"advance":"1d"}"#), ("{}", r#"{"advance":"1d"}"#),
            (r#"["1d"]"#, r#"{"advance":"1d"}"#), (r#"{"advance":60}"#, r#"{"advance":"1d"}"#),
            (r#"{"advance":"1d","to":"2030-01-01"}"#, r#"{"advance":"1d"}"#),
            (r#"{"advance":"60"}"#, r#"such as "10s""#),
            (r#"{"advance":"36501d"}"#, "at most 36500d"),
            (r#"{"advance":"213503982334d"}"#, "at most 36500d"),
        } {
            let before = time.now();
            let problem = advance(&time, body.as_bytes()).unwrap_err();
            assert!(problem.contains(told), "{body}: {problem}");
            assert!(time.now() - before < Duration::from_secs(60), "{body}");
        }
    }
}
