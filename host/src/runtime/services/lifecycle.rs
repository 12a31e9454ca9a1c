//! `strongroom:service/lifecycle`: `start` before any traffic, and `tick` about every second.

use super::generation::Generation;
use crate::links::CallError;
use crate::runtime::limits::call_times::CallTimes;
use crate::runtime::limits::guest_log::cut;

/// The interface, as components export it.
pub const LIFECYCLE: &str = "strongroom:service/lifecycle@0.1.0";

/// The most that one start may tell the operator.
const ANNOUNCEMENTS_MAX: usize = 20;

impl Generation {
    /// Runs `start`, if there is one. Returns its lines for the operator.
    ///
    /// # Errors
    /// The component's own words, or why there are none.
    pub async fn start(&self) -> Result<Vec<String>, String> {
        let Some(lifecycle) = self.lifecycle else {
            return Ok(Vec::new());
        };
        let times = CallTimes::of_start(&self.spec.limits);
        let answer: Result<Result<Vec<String>, String>, CallError> =
            self.pool.call_typed(lifecycle.start, (), times).await;
        match answer {
            Ok(answer) => answer
                .map(|lines| lines.into_iter().take(ANNOUNCEMENTS_MAX).map(cut).collect())
                .map_err(cut),
            Err(CallError::Failed) => {
                Err("it trapped, or used more than `limits` allows".to_owned())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Drops the instances that were idle for long.
    pub fn release_idle(&self) {
        self.pool.release_idle();
    }

    /// Runs `tick`, if there is one; lets idle instances go.
    pub async fn tick(&self) -> Result<(), String> {
        self.release_idle();
        let Some(lifecycle) = self.lifecycle else {
            return Ok(());
        };
        let answer: Result<Result<(), String>, CallError> = self
            .pool
            .call_typed(lifecycle.tick, (), CallTimes::of_calls(&self.spec.limits))
            .await;
        match answer {
            Ok(answer) => answer.map_err(cut),
            Err(error) => Err(error.to_string()),
        }
    }
}
