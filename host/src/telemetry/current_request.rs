//! The request for which a task runs: a line of the log can name it, and what is done for it is
//! noted.

use super::request_work::{RequestWork, StoreCall};
use super::traces::{CurrentSpan, OpenSpan};
use crate::client::Client;
use std::sync::Arc;
use std::time::Duration;

tokio::task_local! {
    static REQUEST: Scope;
}

/// What a task works for.
#[derive(Debug, Clone)]
struct Scope {
    client: Client,
    work: Arc<RequestWork>,
    /// The span in which it works, if the request is traced.
    span: Option<CurrentSpan>,
}

/// The request for which a task runs, if it runs for one.
#[derive(Debug, Clone)]
pub struct CurrentRequest(Option<Scope>);

impl CurrentRequest {
    /// That of this task; none of a tick, say.
    pub fn get() -> Self {
        Self(REQUEST.try_with(Clone::clone).ok())
    }

    /// The client whose request it is; [`Client::NOBODY`] without a request.
    pub fn client() -> Client {
        REQUEST
            .try_with(|scope| scope.client)
            .unwrap_or(Client::NOBODY)
    }

    /// The id in `x-request-id`.
    pub fn id(&self) -> Option<&str> {
        self.0.as_ref().map(|scope| scope.work.request_id())
    }

    /// Runs a future for it, in another task.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        match self.0 {
            Some(scope) => REQUEST.scope(scope, future).await,
            None => future.await,
        }
    }

    /// Notes time in which a thread worked for the request of this task.
    pub fn note_busy(time: Duration) {
        Self::note(|scope| scope.work.note_busy(time));
    }

    /// Notes a link call of the request of this task, with its failure if it has failed.
    pub fn note_link_call(
        service: &Arc<str>,
        function: &Arc<str>,
        time: Duration,
        failure: Option<String>,
    ) {
        Self::note(|scope| {
            scope.work.note_link_call(service, function, time, failure);
        });
    }

    /// Begins the span of a link call, if the request of this task is traced.
    pub fn begin_link_call(service: &Arc<str>, function: &Arc<str>) -> Option<OpenSpan> {
        let begin = |scope: &Scope| scope.span.as_ref()?.begin_link_call(service, function);
        REQUEST.try_with(begin).ok().flatten()
    }

    /// Runs a future of this task in a span, if there is one.
    pub async fn within<F: Future>(span: Option<&OpenSpan>, future: F) -> F::Output {
        let scope = span.and_then(|span| {
            let scope = REQUEST.try_with(Clone::clone).ok()?;
            let span = span.current();
            Some(Scope { span, ..scope })
        });
        Self(scope).scope(future).await
    }

    /// Notes that the request of this task has called a store, with the code of the failure if the
    /// call has failed.
    pub fn note_store_call(
        store: &Arc<str>,
        call: StoreCall,
        time: Duration,
        failure: Option<&'static str>,
    ) {
        Self::note(|scope| {
            scope.work.note_store_call(store, call, time);
            if let Some(span) = &scope.span {
                span.note_store_call(store, call, time, failure);
            }
        });
    }

    fn note(note: impl FnOnce(&Scope)) {
        // Without a request there is nothing to note it with.
        let _ = REQUEST.try_with(note);
    }
}

/// Runs a future for this request of a client, in a span if it is traced. A link call in it is for
/// the same request.
pub fn for_request<F: Future>(
    client: Client,
    work: Arc<RequestWork>,
    span: Option<CurrentSpan>,
    future: F,
) -> impl Future<Output = F::Output> + use<F> {
    let scope = Scope { client, work, span };
    REQUEST.scope(scope, future)
}
