//! Links: typed calls from one component to another, by way of the host.
//!
//! A host function satisfies the caller's import. It calls the callee's export *in the callee's own
//! instance and store*. So each side has its own limits, and can fail or be swapped alone.
//!
//! Only plain values cross. When the callee traps or takes too long, the caller receives an error
//! value of the function's own result type ([`failure`]): each function of a link has such a case.

mod failure;
mod function;
mod plain;

pub use function::{
    FunctionName, LinkProblem, LinkView, check_interface, define_interface, names_interface,
};

use futures::future::BoxFuture;
use std::sync::Arc;
use wasmtime::component::Val;

/// The service that a link leads to.
pub trait Callee: Send + Sync + 'static {
    /// Its name.
    fn service(&self) -> &Arc<str>;

    /// Calls an exported function and returns its one result.
    ///
    /// # Errors
    /// The callee has not returned a result of its own.
    fn call<'a>(
        &'a self,
        function: &'a FunctionName,
        parameters: &'a [Val],
    ) -> BoxFuture<'a, Result<Val, CallError>>;
}

/// Why a link call has no result of the callee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The caller has a write transaction open, and would hold its store's writer while it waits.
    #[error("a link call is not allowed while a write transaction is open")]
    Writing,
    /// The callee has no generation that serves.
    #[error("the service is not serving")]
    NotServing,
    /// All instances of the callee are busy, and its queue is full.
    #[error("the service is overloaded")]
    Overloaded,
    /// The callee took longer than it may.
    #[error("the service did not respond in time")]
    TimedOut,
    /// The callee trapped, or exceeded a limit.
    #[error("the service failed")]
    Failed,
}

impl CallError {
    /// A name for it, for traces.
    fn code(self) -> &'static str {
        match self {
            Self::Writing => "writing",
            Self::NotServing => "not_serving",
            Self::Overloaded => "overloaded",
            Self::TimedOut => "timed_out",
            Self::Failed => "failed",
        }
    }
}
