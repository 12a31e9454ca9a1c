//! `traceparent` (W3C Trace Context): a request is a span of this host in its client's trace. A
//! client's own span is never passed on.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// `00-<trace id>-<span id>-<flags>`
const LENGTH: usize = 55;

/// Replaces the client's span by a new one. A client that does not trace is not traced.
pub(super) fn begin_span(headers: &mut HeaderMap) {
    let mut given = headers.get_all(&TRACEPARENT).iter();
    let Some(parent) = given.next() else { return };
    let parent = parent.to_str().ok().filter(|_| given.next().is_none());
    let (span, _) = Uuid::new_v4().as_u64_pair();
    let own = match parent.and_then(trace_of) {
        Some((trace, flags)) => format!("00-{trace}-{span:016x}-{flags}"),
        None => {
            // It belongs to a trace that is not known.
            headers.remove(&TRACESTATE);
            format!("00-{:032x}-{span:016x}-00", Uuid::new_v4().as_u128())
        }
    };
    if let Ok(value) = HeaderValue::try_from(own) {
        headers.insert(TRACEPARENT, value);
    }
}

/// Trace id and flags of a valid `traceparent`, of this version or a later one.
fn trace_of(parent: &str) -> Option<(&str, &str)> {
    let mut parts = parent.split('-');
    let [version, trace, span, flags] = [(); 4].map(|()| parts.next());
    let (version, trace, span, flags) = (version?, trace?, span?, flags?);
    let is_hex = |text: &str, length| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_well_formed =
        is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2);
    let is_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let is_of_version = match version {
        "ff" => false,
        "00" => parent.len() == LENGTH,
        _ => true,
    };
    (is_well_formed && is_of_version && !is_zero(trace) && !is_zero(span)).then_some((trace, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn span_of(parent: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, parent.parse().unwrap());
        begin_span(&mut headers);
        headers[&TRACEPARENT].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_valid_parent_gives_the_trace_and_not_the_span() {
        let span = span_of(&format!("00-{TRACE}-00f067aa0ba902b7-01"));
        assert!(
            span.starts_with(&format!("00-{TRACE}-")) && span.ends_with("-01"),
            "{span}"
        );
        assert!(!span.contains("00f067aa0ba902b7"));
    }

    #[test]
    fn anything_else_begins_a_trace() {
        for broken in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            let span = span_of(broken);
            assert!(
                !span.contains(TRACE) && trace_of(&span).is_some(),
                "{broken}: {span}"
            );
        }
    }
}
