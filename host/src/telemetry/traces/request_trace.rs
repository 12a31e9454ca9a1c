//! What is done for one request, span by span.
//!
//! The trace ends when nothing has it any more: a guest may go on after its response, and a span
//! that is open when its future is dropped is one too.

use super::Traces;
use super::span::{Operation, RequestSpan, Span};
use super::trace_parent::{SpanId, TraceId, TraceParent};
use crate::telemetry::access::AccessLine;
use crate::telemetry::recent_requests::cut;
use crate::telemetry::request_work::StoreCall;
use parking_lot::Mutex;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// The most link calls and store calls of a request that are spans; of others, their number.
const CALLS_MAX: usize = 128;
/// The name of the gateway among services.
const GATEWAY: &str = "gateway";
/// The failure of a span whose future was dropped.
const CANCELLED: &str = "cancelled";
/// The methods of RFC 9110 and RFC 5789, and what OpenTelemetry writes for others.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];
pub(super) const OTHER_METHOD: &str = "_OTHER";

/// The trace of a request, as far as it has come.
#[derive(Debug)]
pub struct RequestTrace {
    traces: Arc<Traces>,
    id: TraceId,
    /// The span of the client, if it traces.
    parent: Option<SpanId>,
    gateway: SpanId,
    serving: SpanId,
    begun: Instant,
    begun_at: SystemTime,
    spans: Mutex<Spans>,
}

#[derive(Debug, Default)]
struct Spans {
    ended: Vec<Span>,
    /// How many calls have a span, open or ended.
    calls: usize,
    left_out: u64,
}

/// A trace to which nothing is added any more.
#[derive(Debug)]
pub(super) struct FinishedTrace {
    pub(super) id: TraceId,
    pub(super) begun_at: SystemTime,
    pub(super) spans: Vec<Span>,
    /// How many calls have no span.
    pub(super) left_out: u64,
}

/// The span in which a task works.
#[derive(Debug, Clone)]
pub struct CurrentSpan {
    trace: Arc<RequestTrace>,
    id: SpanId,
}

/// A span that has not ended. Dropped, it ends as cancelled.
#[derive(Debug)]
pub struct OpenSpan {
    trace: Arc<RequestTrace>,
    /// None once it has ended.
    span: Option<Span>,
}

impl RequestTrace {
    pub(super) fn begin(traces: Arc<Traces>, parent: Option<TraceParent>) -> Arc<Self> {
        Arc::new(Self {
            traces,
            id: parent.map_or_else(TraceId::random, |parent| parent.trace),
            parent: parent.map(|parent| parent.span),
            gateway: SpanId::random(),
            serving: SpanId::random(),
            begun: Instant::now(),
            begun_at: SystemTime::now(),
            spans: Mutex::default(),
        })
    }

    /// Trace and span that the service learns.
    pub fn for_service(&self) -> (TraceId, SpanId) {
        (self.id, self.serving)
    }

    /// Begins the span in which a service responds.
    pub fn begin_serving(self: &Arc<Self>, service: &str) -> OpenSpan {
        let (id, parent) = (self.serving, Some(self.gateway));
        self.open(id, parent, service.into(), Operation::Serve)
    }

    /// Notes the request as a whole, when it has ended.
    pub fn note_request(&self, line: &AccessLine<'_>) {
        let mut methods = METHODS.into_iter();
        let has_failed = line.status >= 500;
        let code = line.code.map(str::to_owned);
        let failure = || code.clone().unwrap_or_else(|| line.status.to_string());
        self.spans.lock().ended.push(Span {
            id: self.gateway,
            parent: self.parent,
            service: GATEWAY.into(),
            begun: Duration::ZERO,
            took: self.begun.elapsed(),
            failure: has_failed.then(failure).map(Cow::Owned),
            operation: Operation::Request(RequestSpan {
                request_id: line.request_id.to_owned(),
                method: methods
                    .find(|known| *known == line.method)
                    .unwrap_or(OTHER_METHOD),
                path: cut(line.path).to_owned(),
                status: line.status,
                service: line.service.map(str::to_owned),
                code,
            }),
        });
    }

    fn open(
        self: &Arc<Self>,
        id: SpanId,
        parent: Option<SpanId>,
        service: Arc<str>,
        operation: Operation,
    ) -> OpenSpan {
        OpenSpan {
            trace: Arc::clone(self),
            span: Some(Span {
                id,
                parent,
                service,
                operation,
                begun: self.begun.elapsed(),
                took: Duration::ZERO,
                failure: None,
            }),
        }
    }
}

impl Drop for RequestTrace {
    fn drop(&mut self) {
        let spans = std::mem::take(self.spans.get_mut());
        self.traces.queue(FinishedTrace {
            id: self.id,
            begun_at: self.begun_at,
            spans: spans.ended,
            left_out: spans.left_out,
        });
    }
}

impl Spans {
    /// Whether one more call has a span.
    fn take_place(&mut self) -> bool {
        let has_place = self.calls < CALLS_MAX;
        match has_place {
            true => self.calls += 1,
            false => self.left_out += 1,
        }
        has_place
    }
}

impl CurrentSpan {
    /// Begins the span of a link call, unless the trace has too many.
    pub fn begin_link_call(&self, service: &Arc<str>, function: &Arc<str>) -> Option<OpenSpan> {
        let has_place = self.trace.spans.lock().take_place();
        has_place.then(|| {
            let operation = Operation::Link(Arc::clone(function));
            let (id, parent) = (SpanId::random(), Some(self.id));
            self.trace.open(id, parent, Arc::clone(service), operation)
        })
    }

    /// Notes a call of a store that has ended now, with the code of its failure if it has failed.
    pub fn note_store_call(
        &self,
        store: &Arc<str>,
        call: StoreCall,
        time: Duration,
        failure: Option<&'static str>,
    ) {
        let mut spans = self.trace.spans.lock();
        if spans.take_place() {
            spans.ended.push(Span {
                id: SpanId::random(),
                parent: Some(self.id),
                service: Arc::clone(store),
                operation: Operation::Store(call),
                begun: self.trace.begun.elapsed().saturating_sub(time),
                took: time,
                failure: failure.map(Cow::Borrowed),
            });
        }
    }
}

impl OpenSpan {
    /// That of the tasks which work in it.
    pub fn current(&self) -> Option<CurrentSpan> {
        self.span.as_ref().map(|span| CurrentSpan {
            trace: Arc::clone(&self.trace),
            id: span.id,
        })
    }

    /// Ends it, with the code of its failure if it has failed.
    pub fn end(mut self, failure: Option<&'static str>) {
        self.note(failure);
    }

    fn note(&mut self, failure: Option<&'static str>) {
        if let Some(mut span) = self.span.take() {
            span.took = self.trace.begun.elapsed().saturating_sub(span.begun);
            span.failure = failure.map(Cow::Borrowed);
            self.trace.spans.lock().ended.push(span);
        }
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        self.note(Some(CANCELLED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::telemetry::{CurrentRequest, RequestWork, for_request};
    use http::HeaderValue;
    use tokio::sync::mpsc;
    use tokio::task::yield_now;

    fn traced() -> (Arc<RequestTrace>, mpsc::Receiver<FinishedTrace>) {
        let (traces, finished) = Traces::new(100);
        (traces.begin(|| None).unwrap(), finished)
    }

    async fn serve<F: Future>(trace: &Arc<RequestTrace>, service: F) {
        let serving = trace.begin_serving("transactions");
        let work = RequestWork::of(HeaderValue::from_static("r-7"));
        for_request(Client::NOBODY, work, serving.current(), service).await;
        serving.end(None);
    }

    async fn read_as(store: &str) {
        CurrentRequest::note_store_call(&store.into(), StoreCall::Read, Duration::ZERO, None);
    }

    fn begin_link_call(service: &str) -> Option<OpenSpan> {
        CurrentRequest::begin_link_call(&service.into(), &"ledger#post".into())
    }

    async fn call_as(service: &str) {
        let span = begin_link_call(service);
        let callee = async {
            yield_now().await;
            read_as(service).await;
        };
        CurrentRequest::within(span.as_ref(), callee).await;
        if let Some(span) = span {
            span.end(None);
        }
    }

    fn is_read(span: &Span) -> bool {
        matches!(span.operation, Operation::Store(_))
    }

    fn above<'a>(trace: &'a FinishedTrace, span: &Span) -> Option<&'a str> {
        let mut spans = trace.spans.iter();
        let parent = spans.find(|other| Some(other.id) == span.parent);
        parent.map(|parent| &*parent.service)
    }

    #[tokio::test]
    async fn a_call_is_below_the_span_in_which_it_is_made_also_of_calls_at_once() {
        let (trace, mut finished) = traced();
        serve(&trace, async {
            futures::join!(call_as("a"), call_as("b"), read_as("transactions"));
            read_as("after").await;
        })
        .await;
        drop(trace);
        let trace = finished.try_recv().unwrap();
        let spans = trace.spans.iter();
        let told = spans.map(|span| (&*span.service, is_read(span), above(&trace, span)));
        let mut found: Vec<_> = told.collect();
        found.sort_unstable();
        let serving = Some("transactions");
        let expected = rows! {
            ("a", false, serving), ("a", true, Some("a")), ("after", true, serving),
            ("b", false, serving), ("b", true, Some("b")), ("transactions", false, None),
            ("transactions", true, serving),
        };
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn a_trace_takes_bounded_memory_and_keeps_the_spans_above() {
        let (trace, mut finished) = traced();
        serve(&trace, async {
            let link = begin_link_call("accounts");
            let callee = async {
                for _ in 0..CALLS_MAX {
                    read_as("accounts").await;
                }
                call_as("accounts").await;
            };
            CurrentRequest::within(link.as_ref(), callee).await;
        })
        .await;
        drop(trace);
        let trace = finished.try_recv().unwrap();
        assert_eq!(trace.spans.len(), CALLS_MAX + 1, "and the service's");
        assert_eq!(trace.left_out, 3, "a read, a link call, and its read");
        for read in trace.spans.iter().filter(|span| is_read(span)) {
            assert_eq!(above(&trace, read), Some("accounts"));
        }
    }

    #[tokio::test]
    async fn what_is_dropped_is_a_span_and_the_trace_waits_for_what_goes_on() {
        let (trace, mut finished) = traced();
        let (go_on, wait) = tokio::sync::oneshot::channel::<()>();
        let request = serve(&trace, async {
            let _link = begin_link_call("accounts");
            tokio::spawn(CurrentRequest::get().scope(async {
                let _ = wait.await;
                read_as("transactions").await;
            }));
            std::future::pending::<()>().await;
        });
        assert!(futures::FutureExt::now_or_never(request).is_none());
        drop(trace);
        assert!(finished.try_recv().is_err());
        go_on.send(()).unwrap();
        let trace = finished.recv().await.unwrap();
        let outcomes = trace.spans.iter().map(|span| span.failure.as_deref());
        let outcomes: Vec<_> = outcomes.collect();
        assert_eq!(outcomes, [Some(CANCELLED), Some(CANCELLED), None]);
    }

    #[test]
    fn a_request_is_below_its_clients_span_and_an_unknown_method_has_no_name() {
        let parent =
            TraceParent::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").unwrap();
        let (traces, mut finished) = Traces::new(100);
        let trace = traces.begin(|| Some(parent)).unwrap();
        trace.note_request(&AccessLine {
            method: "BREW",
            status: 502,
            code: Some("service_failed"),
            ..AccessLine::of("r-7", "/")
        });
        drop(trace);
        let trace = finished.try_recv().unwrap();
        assert_eq!(trace.id, parent.trace);
        let span = &trace.spans[0];
        assert_eq!((trace.spans.len(), span.parent), (1, Some(parent.span)));
        assert_eq!(span.failure.as_deref(), Some("service_failed"));
        let Operation::Request(request) = &span.operation else {
            panic!("{span:?}")
        };
        assert_eq!(request.method, OTHER_METHOD);
    }
}
