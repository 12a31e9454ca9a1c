//! A service: a name with a store, whose component can change.

use crate::runtime::instance::figures::ServiceFigures;
use crate::runtime::problem::{LoadProblem, in_one_line};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;
use tokio_util::sync::CancellationToken;

/// Why a request has no response of the component's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServeError {
    /// The service does not serve.
    #[error("the service is not serving")]
    NotServing,
    /// All instances are busy and the queue is full.
    #[error("all instances of the service are busy")]
    Overloaded,
    /// The request took longer than it may.
    #[error("the service did not respond in time")]
    TimedOut,
    /// The component trapped, broke a bound, or returned nothing.
    #[error("the service failed: {0}")]
    Failed(String),
}

/// What a service is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceState {
    /// Its first generation is being loaded.
    Starting,
    /// It serves requests.
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
    /// When the state, or the generation, began.
    pub since: SystemTime,
    /// Why the latest change was refused.
    pub last_error: Option<String>,
}

/// A service by its name.
pub struct Service {
    name: String,
    /// Whether the host is ready only when this service serves: it was there at the start.
    is_awaited: bool,
    status: Mutex<ServiceStatus>,
    /// The requests that it was given: those that run too, which `figures` does not count yet.
    requests: AtomicU64,
    figures: Arc<ServiceFigures>,
    /// Whether its start takes so long that no other service should wait for it.
    is_slow_to_start: AtomicBool,
    /// Cancelled when the registry no longer names it.
    removed: CancellationToken,
}

impl Service {
    pub fn new(name: &str, is_awaited: bool, figures: Arc<ServiceFigures>) -> Self {
        Self {
            name: name.to_owned(),
            is_awaited,
            status: Mutex::new(ServiceStatus {
                state: ServiceState::Starting,
                generation: 0,
                since: SystemTime::now(),
                last_error: None,
            }),
            requests: AtomicU64::new(0),
            figures,
            is_slow_to_start: AtomicBool::new(false),
            removed: CancellationToken::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is doing.
    pub fn status(&self) -> ServiceStatus {
        self.status.lock().clone()
    }

    /// How many requests it was given.
    pub fn requests_total(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    /// What it has done.
    pub fn figures(&self) -> &ServiceFigures {
        &self.figures
    }

    /// Notes why a change of it was refused.
    pub fn refuse(&self, problems: &[LoadProblem]) {
        self.note_error(in_one_line(problems));
    }

    /// Notes why a change was refused.
    pub fn note_error(&self, reason: String) {
        self.change(|status| {
            if status.generation == 0 && status.state != ServiceState::Failed {
                status.state = ServiceState::Failed;
                status.since = SystemTime::now();
            }
            status.last_error = Some(reason);
        });
    }

    /// Notes that it runs what the registry says.
    pub fn note_settled(&self) {
        self.change(|status| status.last_error = None);
    }

    /// Notes that its start takes so long that no other service should wait for it.
    pub fn note_slow_start(&self) {
        self.is_slow_to_start.store(true, Relaxed);
    }

    /// Whether it serves, or will not soon.
    pub fn is_settled(&self) -> bool {
        self.is_slow_to_start.load(Relaxed) || self.status().state != ServiceState::Starting
    }

    /// Whether the host can be called ready.
    pub fn is_ready(&self) -> bool {
        !self.is_awaited || self.status().state == ServiceState::Serving
    }

    pub fn count_request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    /// Notes that another generation has taken over, and returns its number.
    pub fn note_switched(&self) -> u64 {
        self.change(|status| {
            status.state = ServiceState::Serving;
            status.since = SystemTime::now();
            status.generation += 1;
            status.last_error = None;
            status.generation
        })
    }

    /// Notes that it takes no more requests.
    pub fn note_draining(&self) {
        self.change(|status| {
            status.state = ServiceState::Draining;
            status.since = SystemTime::now();
        });
    }

    /// Cancelled when the registry no longer names the service.
    pub fn removed(&self) -> &CancellationToken {
        &self.removed
    }

    fn change<T>(&self, change: impl FnOnce(&mut ServiceStatus) -> T) -> T {
        change(&mut self.status.lock())
    }
}
