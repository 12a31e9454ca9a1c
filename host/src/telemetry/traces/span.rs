//! A part of what is done for a request, with its times.

use super::trace_parent::SpanId;
use crate::telemetry::StoreCall;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// A span that has ended.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) id: SpanId,
    pub(super) parent: Option<SpanId>,
    /// Where the work is done: `gateway`, or a service.
    pub(super) service: Arc<str>,
    pub(super) operation: Operation,
    /// From the begin of the trace.
    pub(super) begun: Duration,
    pub(super) took: Duration,
    /// The code of why it has failed, if it has.
    pub(super) failure: Option<Cow<'static, str>>,
}

/// What is done in a span. Nothing here may hold a secret.
#[derive(Debug)]
pub(super) enum Operation {
    /// The gateway receives a request, and responds.
    Request(RequestSpan),
    /// A service responds to it.
    Serve,
    /// A service is called by another one: the interface and its function.
    Link(Arc<str>),
    /// A store is called.
    Store(StoreCall),
}

/// What the gateway knows of a request.
#[derive(Debug)]
pub(super) struct RequestSpan {
    pub(super) request_id: String,
    /// One that HTTP knows.
    pub(super) method: &'static str,
    /// Without its query.
    pub(super) path: String,
    pub(super) status: u16,
    /// The service that the path names, if there is such a service.
    pub(super) service: Option<String>,
    /// The code of the problem document.
    pub(super) code: Option<String>,
}
