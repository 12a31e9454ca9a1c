//! A service: a name with a store, whose component can change.

use super::generation::Generation;
use super::problem::LoadProblem;
use crate::links::{CallError, Callee, FunctionName};
use arc_swap::ArcSwapOption;
use futures::future::BoxFuture;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use wasmtime::component::Val;

/// Why a request has no response of the component's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServeError {
    /// The service serves nobody now.
    #[error("the service is not serving")]
    NotServing,
    /// All instances are busy and the queue is full.
    #[error("all instances of the service are busy")]
    Overloaded,
    /// The request took longer than it may.
    #[error("the service did not answer in time")]
    TimedOut,
    /// The component trapped, broke a bound, or answered nothing.
    #[error("the service failed: {0}")]
    Failed(String),
}

/// What a service is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceState {
    /// Its first generation is being loaded.
    Starting,
    /// It answers requests.
    Serving,
    /// It never served.
    Failed,
    /// It finishes what it has begun.
    Draining,
}

impl ServiceState {
    /// The word for it in the admin API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Serving => "serving",
            Self::Failed => "failed",
            Self::Draining => "draining",
        }
    }
}

/// What is known of a service beside its generation.
#[derive(Debug, Clone)]
pub struct ServiceStatus {
    /// What it is doing.
    pub state: ServiceState,
    /// How many generations it has had.
    pub generation: u64,
    /// When the state began.
    pub since: SystemTime,
    /// Why the latest change was refused.
    pub last_error: Option<String>,
}

/// A service by its name.
pub struct Service {
    name: String,
    generation: ArcSwapOption<Generation>,
    status: Mutex<ServiceStatus>,
    requests: AtomicU64,
}

impl Service {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            generation: ArcSwapOption::empty(),
            status: Mutex::new(ServiceStatus {
                state: ServiceState::Starting,
                generation: 0,
                since: SystemTime::now(),
                last_error: None,
            }),
            requests: AtomicU64::new(0),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is doing.
    pub fn status(&self) -> ServiceStatus {
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many requests it was given.
    pub fn requests_total(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    /// The generation that serves.
    pub fn generation(&self) -> Option<Arc<Generation>> {
        self.generation.load_full()
    }

    /// The generation that a new request belongs to, from its beginning to its end.
    ///
    /// # Errors
    /// The service serves nobody now.
    pub fn admit(&self) -> Result<Arc<Generation>, ServeError> {
        self.requests.fetch_add(1, Relaxed);
        self.generation.load_full().ok_or(ServeError::NotServing)
    }

    /// Puts a generation in the place of the current one.
    pub(super) fn install(&self, generation: Generation) {
        self.generation.store(Some(Arc::new(generation)));
        self.change(|status| {
            status.state = ServiceState::Serving;
            status.generation += 1;
            status.last_error = None;
        });
    }

    /// Notes why a generation did not come to serve.
    pub(super) fn refuse(&self, problems: &[LoadProblem]) {
        let reasons: Vec<String> = problems.iter().map(ToString::to_string).collect();
        self.change(|status| {
            if status.generation == 0 {
                status.state = ServiceState::Failed;
            }
            status.last_error = Some(reasons.join("; "));
        });
    }

    /// Takes no more work, and lets what runs come to its end.
    pub(super) fn drain(&self) {
        self.change(|status| status.state = ServiceState::Draining);
        if let Some(generation) = self.generation.load_full() {
            generation.drain();
        }
    }

    fn change(&self, change: impl FnOnce(&mut ServiceStatus)) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut status);
        status.since = SystemTime::now();
    }
}

impl Callee for Service {
    fn call<'a>(
        &'a self,
        function: &'a FunctionName,
        parameters: Vec<Val>,
    ) -> BoxFuture<'a, Result<Val, CallError>> {
        Box::pin(async move {
            let generation = self.generation.load_full().ok_or(CallError::NotServing)?;
            generation.call(function, &parameters).await
        })
    }
}
