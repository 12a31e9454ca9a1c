//! The request for which a task runs: a line of the log can name it, and what is done for it is
//! noted.

use super::request_work::{RequestWork, StoreCall};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::futures::TaskLocalFuture;

tokio::task_local! {
    static REQUEST: Arc<RequestWork>;
}

/// The request for which a task runs, if it runs for one.
#[derive(Debug, Clone)]
pub struct CurrentRequest(Option<Arc<RequestWork>>);

impl CurrentRequest {
    /// That of this task; none of a tick, say.
    pub fn get() -> Self {
        Self(REQUEST.try_with(Clone::clone).ok())
    }

    /// The id in `x-request-id`.
    pub fn id(&self) -> Option<&str> {
        self.0.as_ref().map(|work| work.request_id())
    }

    /// Runs a future for it, in another task.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        match self.0 {
            Some(work) => for_request(work, future).await,
            None => future.await,
        }
    }

    /// Notes time in which a thread worked for the request of this task.
    pub fn note_busy(time: Duration) {
        Self::note(|work| work.note_busy(time));
    }

    /// Notes a link call of the request of this task, with its failure if it has failed.
    pub fn note_link_call(
        service: &Arc<str>,
        function: &Arc<str>,
        time: Duration,
        failure: Option<String>,
    ) {
        Self::note(|work| work.note_link_call(service, function, time, failure));
    }

    /// Notes that the request of this task has called a store.
    pub fn note_store_call(store: &Arc<str>, call: StoreCall, time: Duration) {
        Self::note(|work| work.note_store_call(store, call, time));
    }

    fn note(note: impl FnOnce(&RequestWork)) {
        // Without a request there is nothing to note it with.
        let _ = REQUEST.try_with(|work| note(work));
    }
}

/// Runs a future for this request. A link call in it is for the same request.
pub fn for_request<F: Future>(
    work: Arc<RequestWork>,
    future: F,
) -> TaskLocalFuture<Arc<RequestWork>, F> {
    REQUEST.scope(work, future)
}
