//! `traceparent` (W3C Trace Context): a request is a span of this host in its client's trace. A
//! client's own span is never passed on.

use crate::telemetry::{SpanId, TraceId, TraceParent};
use http::{HeaderMap, HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The client's span, if it names one.
pub(super) fn parent_of(headers: &HeaderMap) -> Option<TraceParent> {
    let mut given = headers.get_all(&TRACEPARENT).iter();
    let parent = given.next().filter(|_| given.next().is_none())?;
    TraceParent::parse(parent.to_str().ok()?)
}

/// Replaces the client's span by that of the service, which the host records, or else by a new one.
/// A client that does not trace is not traced, unless the host does.
pub(super) fn begin_span(headers: &mut HeaderMap, recorded: Option<(TraceId, SpanId)>) {
    if recorded.is_none() && !headers.contains_key(&TRACEPARENT) {
        return;
    }
    let parent = parent_of(headers);
    if parent.is_none() {
        // It belongs to a trace that is not known.
        headers.remove(&TRACESTATE);
    }
    let flags = parent.map_or(0, |parent| parent.flags);
    let own = match recorded {
        Some((trace, span)) => TraceParent {
            trace,
            span,
            flags: flags | TraceParent::SAMPLED,
        },
        None => TraceParent {
            trace: parent.map_or_else(TraceId::random, |parent| parent.trace),
            span: SpanId::random(),
            flags,
        },
    };
    if let Ok(value) = HeaderValue::try_from(own.to_string()) {
        headers.insert(TRACEPARENT, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn headers_after(parent: Option<&str>, recorded: Option<(TraceId, SpanId)>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(TRACESTATE, HeaderValue::from_static("vendor=1"));
        if let Some(parent) = parent {
            headers.insert(TRACEPARENT, parent.parse().unwrap());
        }
        begin_span(&mut headers, recorded);
        headers
    }

    fn span_of(parent: &str) -> String {
        let headers = headers_after(Some(parent), None);
        headers[&TRACEPARENT].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_valid_parent_gives_the_trace_and_not_the_span_and_another_none() {
        let span = span_of(&format!("00-{TRACE}-00f067aa0ba902b7-01"));
        let is_of_trace = span.starts_with(&format!("00-{TRACE}-")) && span.ends_with("-01");
        assert!(is_of_trace && !span.contains("00f067aa0ba902b7"), "{span}");
        let span = span_of(&format!("00-{TRACE}-0000000000000000-01"));
        let is_new = !span.contains(TRACE) && TraceParent::parse(&span).is_some();
        assert!(is_new, "{span}");
    }

    #[test]
    fn a_service_learns_the_span_that_the_host_records() {
        let recorded = (TraceId::random(), SpanId::random());
        let (trace, span) = recorded;
        for (parent, has_state) in [
            (None, false),
            (Some(format!("00-{trace}-00f067aa0ba902b7-00")), true),
        ] {
            let headers = headers_after(parent.as_deref(), Some(recorded));
            assert_eq!(headers[&TRACEPARENT], format!("00-{trace}-{span}-01"));
            assert_eq!(headers.contains_key(&TRACESTATE), has_state);
        }
    }
}
