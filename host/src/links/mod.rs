//! Links: typed calls from one component to another, by way of the host.
//!
//! The caller's import is satisfied by a host function that calls the export of the callee *in the callee's own instance and store*.
//! Nothing is fused: either side has its own limits and can fail, or be swapped, alone. Only plain values cross; a
//! callee that traps or takes too long reaches the caller as an error value of the function's own result type
//! ([`failure`]), so every function of a link must have such a case.

mod failure;
mod function;
mod plain;

pub use function::{
    FunctionName, LinkProblem, LinkView, check_interface, define_interface, names_interface,
};

use futures::future::BoxFuture;
use wasmtime::component::Val;

/// Whatever can be called by a link: the service behind it.
pub trait Callee: Send + Sync + 'static {
    /// Calls an exported function and answers its one result.
    fn call<'a>(
        &'a self,
        function: &'a FunctionName,
        parameters: &'a [Val],
    ) -> BoxFuture<'a, Result<Val, CallError>>;
}

/// Why a link call has no result of the callee's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The caller has a write transaction open: it would hold its store's writer while it waits.
    #[error("a link call is not allowed while a write transaction is open")]
    Writing,
    /// The callee serves nobody now.
    #[error("the service is not serving")]
    NotServing,
    /// All instances of the callee are busy, and its queue is full.
    #[error("the service is overloaded")]
    Overloaded,
    /// The callee took longer than it may.
    #[error("the service did not answer in time")]
    TimedOut,
    /// The callee trapped, or broke a bound.
    #[error("the service failed")]
    Failed,
}
