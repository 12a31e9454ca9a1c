//! Why an instance did not do what it was called for.

use crate::links::CallError;
use crate::runtime::limits::call_times::CallTimes;
use std::fmt;
use std::time::Duration;
use wasmtime::{Error, PoolConcurrencyLimitError, Trap};

/// A call into an instance has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFailure {
    /// What callers by a link learn.
    pub error: CallError,
    /// What the operator and the component's author learn.
    pub cause: String,
}

impl CallFailure {
    /// Of a call that has not ended within its wall time.
    pub fn of_time(wall: Duration) -> Self {
        Self {
            error: CallError::TimedOut,
            cause: took_too_long(wall),
        }
    }

    /// Of an error of the engine. `was_refused_memory`: whether the instance has asked for more
    /// memory than it may have.
    pub fn of(error: &Error, times: &CallTimes, was_refused_memory: bool) -> Self {
        let kind = if error.is::<PoolConcurrencyLimitError>() {
            CallError::Overloaded
        } else if is_interrupted(error) {
            CallError::TimedOut
        } else {
            CallError::Failed
        };
        Self {
            error: kind,
            cause: cause(error, times, was_refused_memory),
        }
    }
}

impl fmt::Display for CallFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.cause)
    }
}

/// Why a call has not ended within its wall time.
pub fn took_too_long(wall: Duration) -> String {
    format!("it took longer than {wall:?}")
}

/// What an error of the engine means, in words.
pub fn cause(error: &Error, times: &CallTimes, was_refused_memory: bool) -> String {
    let root = error.root_cause();
    if is_interrupted(error) {
        format!("it computed for more than {:?} (`limits.cpu`)", times.cpu)
    } else if was_refused_memory {
        format!("it asked for more memory than `limits.memory`: {root}")
    } else {
        root.to_string()
    }
}

/// Whether the host has ended a guest that has used up its CPU time.
pub fn is_interrupted(error: &Error) -> bool {
    error.downcast_ref::<Trap>() == Some(&Trap::Interrupt)
}
