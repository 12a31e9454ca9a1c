//! Traces in the JSON of OTLP 1 (`opentelemetry-proto`, ExportTraceServiceRequest), with the
//! attribute names of OpenTelemetry's semantic conventions.

use super::request_trace::{FinishedTrace, OTHER_METHOD};
use super::span::{Operation, RequestSpan, Span};
use crate::telemetry::StoreCall;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

/// The kind of a span in which a caller waits for a database.
const CLIENT: u8 = 3;
/// The kind of a span in which a service does what another one asks for.
const SERVER: u8 = 2;
/// The status of a span that has failed.
const ERROR: u8 = 2;

/// The body of a request to a collector.
pub(super) fn request(traces: &[FinishedTrace]) -> Vec<u8> {
    let mut services: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for trace in traces {
        for span in &trace.spans {
            let spans = services.entry(&span.service).or_default();
            spans.push(span_of(trace, span));
        }
    }
    let version = env!("CARGO_PKG_VERSION");
    let of_service = |(service, spans): (&str, Vec<Value>)| {
        json!({
            "resource": {"attributes": [
                text("service.name", service),
                text("service.namespace", "strongroom"),
                text("service.version", version),
            ]},
            "scopeSpans": [{"scope": {"name": "strongroom", "version": version}, "spans": spans}],
        })
    };
    let resources: Vec<_> = services.into_iter().map(of_service).collect();
    json!({"resourceSpans": resources}).to_string().into_bytes()
}

fn span_of(trace: &FinishedTrace, span: &Span) -> Value {
    let begun_at = trace.begun_at.duration_since(UNIX_EPOCH);
    let begun_at = begun_at.unwrap_or_default() + span.begun;
    let (name, kind, mut attributes) = match &span.operation {
        Operation::Request(request) => of_request(request, trace.left_out),
        Operation::Serve => ("serve".to_owned(), SERVER, Vec::new()),
        Operation::Link(function) => of_link(function),
        Operation::Store(call) => of_store(&span.service, *call),
    };
    let mut status = json!({});
    if let Some(failure) = &span.failure {
        attributes.push(text("error.type", failure));
        status = json!({"code": ERROR});
    }
    let parent = span.parent.map(|parent| parent.to_string());
    json!({
        "traceId": trace.id.to_string(),
        "spanId": span.id.to_string(),
        "parentSpanId": parent.unwrap_or_default(),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": nanoseconds(begun_at),
        "endTimeUnixNano": nanoseconds(begun_at + span.took),
        "attributes": attributes,
        "status": status,
    })
}

type Described = (String, u8, Vec<Value>);

fn of_request(request: &RequestSpan, left_out: u64) -> Described {
    let mut attributes = vec![
        text("http.request.method", request.method),
        text("url.path", &request.path),
        number("http.response.status_code", request.status.into()),
        text("strongroom.request.id", &request.request_id),
    ];
    if let Some(code) = &request.code {
        attributes.push(text("strongroom.problem.code", code));
    }
    if left_out > 0 {
        attributes.push(number("strongroom.spans_left_out", left_out));
    }
    let method = match request.method {
        OTHER_METHOD => "HTTP",
        known => known,
    };
    // A path has ids, of which there are too many for a name.
    let name = match &request.service {
        Some(service) => format!("{method} /api/{service}"),
        None => method.to_owned(),
    };
    (name, SERVER, attributes)
}

fn of_link(function: &str) -> Described {
    let (interface, name) = function.split_once('#').unwrap_or(("", function));
    let attributes = vec![
        text("rpc.system", "wit"),
        text("rpc.service", interface),
        text("rpc.method", name),
    ];
    (function.to_owned(), SERVER, attributes)
}

fn of_store(store: &str, call: StoreCall) -> Described {
    let operation = match call {
        StoreCall::Read => "read",
        StoreCall::Begin => "wait for the writer",
        StoreCall::Commit => "commit",
    };
    let attributes = vec![
        text("db.system.name", "sqlite"),
        text("db.namespace", store),
        text("db.operation.name", operation),
    ];
    (format!("{operation} {store}"), CLIENT, attributes)
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// Numbers of 64 bits are texts in the JSON of protocol buffers.
fn number(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}

fn nanoseconds(time: Duration) -> String {
    time.as_nanos().to_string()
}

#[cfg(test)]
mod tests {
    use super::super::trace_parent::{SpanId, TraceId};
    use super::*;

    fn span(operation: Operation) -> Span {
        Span {
            id: SpanId::random(),
            parent: None,
            service: "accounts".into(),
            operation,
            begun: Duration::from_nanos(5),
            took: Duration::from_nanos(2),
            failure: None,
        }
    }

    /// What is sent of the service of this span.
    fn sent(id: TraceId, span: Span) -> Value {
        let trace = FinishedTrace {
            id,
            begun_at: UNIX_EPOCH + Duration::from_secs(1),
            spans: vec![span],
            left_out: 3,
        };
        let sent: Value = serde_json::from_slice(&request(&[trace])).unwrap();
        sent["resourceSpans"][0].clone()
    }

    #[test]
    fn a_trace_has_ids_times_and_names_of_the_specification() {
        let (id, parent) = (TraceId::random(), SpanId::random());
        let span = Span {
            parent: Some(parent),
            failure: Some("busy".into()),
            ..span(Operation::Store(StoreCall::Commit))
        };
        let span_id = span.id.to_string();
        let sent = sent(id, span);
        let service = &sent["resource"]["attributes"][0];
        assert_eq!(*service, text("service.name", "accounts"));
        let expected = json!([{
            "traceId": id.to_string(), "spanId": span_id, "parentSpanId": parent.to_string(),
            "name": "commit accounts", "kind": 3,
            "startTimeUnixNano": "1000000005", "endTimeUnixNano": "1000000007",
            "attributes": [
                {"key": "db.system.name", "value": {"stringValue": "sqlite"}},
                {"key": "db.namespace", "value": {"stringValue": "accounts"}},
                {"key": "db.operation.name", "value": {"stringValue": "commit"}},
                {"key": "error.type", "value": {"stringValue": "busy"}},
            ],
            "status": {"code": 2},
        }]);
        assert_eq!(sent["scopeSpans"][0]["spans"], expected);
    }

    #[test]
    fn a_request_says_how_many_calls_have_no_span() {
        let request = Operation::Request(RequestSpan {
            request_id: "r-7".to_owned(),
            method: OTHER_METHOD,
            path: "/api/accounts/7".to_owned(),
            status: 200,
            service: Some("accounts".to_owned()),
            code: None,
        });
        let sent = sent(TraceId::random(), span(request));
        let span = &sent["scopeSpans"][0]["spans"][0];
        assert_eq!(span["name"], "HTTP /api/accounts");
        assert_eq!(span["parentSpanId"], "");
        let attributes = span["attributes"].as_array().unwrap();
        assert!(attributes.contains(&number("strongroom.spans_left_out", 3)));
        assert!(attributes.contains(&number("http.response.status_code", 200)));
    }
}
