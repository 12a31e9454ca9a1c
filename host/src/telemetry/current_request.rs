//! The request for which a task runs, so that a line of the log can name it.

use http::HeaderValue;
use tokio::task::futures::TaskLocalFuture;

tokio::task_local! {
    static REQUEST_ID: HeaderValue;
}

/// A request's id, for a line of the log.
#[derive(Debug, Clone)]
pub struct CurrentRequest(Option<HeaderValue>);

impl CurrentRequest {
    /// That of this task; none of a tick, say.
    pub fn get() -> Self {
        Self(REQUEST_ID.try_with(Clone::clone).ok())
    }

    /// The id in `x-request-id`.
    pub fn id(&self) -> Option<&str> {
        self.0.as_ref()?.to_str().ok()
    }

    /// Runs a future for it, in another task.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        match self.0 {
            Some(id) => for_request(id, future).await,
            None => future.await,
        }
    }
}

/// Runs a future for the request of this id. A link call in it is for the same request.
pub fn for_request<F: Future>(id: HeaderValue, future: F) -> TaskLocalFuture<HeaderValue, F> {
    REQUEST_ID.scope(id, future)
}
