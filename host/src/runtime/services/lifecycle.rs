//! `strongroom:service/lifecycle`: `start` before any traffic, and `tick` about every second.

use super::generation::Generation;
use crate::runtime::instance::failure::CallFailure;
use crate::runtime::limits::call_times::CallTimes;
use crate::runtime::limits::guest_log::cut;
use crate::runtime::problem::LoadProblem;

/// The interface, as components export it.
const LIFECYCLE: &str = "strongroom:service/lifecycle@0.1.0";

/// The most that one start may tell the operator, or refuse.
const LINES_MAX: usize = 20;

impl Generation {
    /// Runs `start`, if there is one. Returns its lines for the operator.
    ///
    /// # Errors
    /// The component's own words, line by line, or why there are none.
    pub async fn start(&self) -> Result<Vec<String>, Vec<LoadProblem>> {
        let Some(start) = self.exports.find(LIFECYCLE, "start") else {
            return Ok(Vec::new());
        };
        let times = CallTimes::of_start(&self.spec.limits);
        let answer: Result<Result<Vec<String>, String>, CallFailure> =
            self.pool.call_typed(start, (), times).await;
        let refusal = match answer {
            Ok(Ok(lines)) => {
                return Ok(lines.into_iter().take(LINES_MAX).map(cut).collect());
            }
            Ok(Err(refusal)) => refusal,
            Err(failure) => failure.cause,
        };
        let reasons = refusal.lines().filter(|line| !line.trim().is_empty());
        let reasons = reasons.take(LINES_MAX).map(str::to_owned).map(cut);
        let mut problems: Vec<_> = reasons.map(LoadProblem::Start).collect();
        if problems.is_empty() {
            let reason = "it did not say why".to_owned();
            problems.push(LoadProblem::Start(reason));
        }
        Err(problems)
    }

    /// Drops the instances that were idle for long.
    pub fn release_idle(&self) {
        self.pool.release_idle();
    }

    /// Runs `tick`, if there is one; lets idle instances go.
    pub async fn tick(&self) -> Result<(), String> {
        self.release_idle();
        let Some(tick) = self.exports.find(LIFECYCLE, "tick") else {
            return Ok(());
        };
        let answer: Result<Result<(), String>, CallFailure> = self
            .pool
            .call_typed(tick, (), CallTimes::of_calls(&self.spec.limits))
            .await;
        match answer {
            Ok(answer) => answer.map_err(cut),
            Err(failure) => Err(failure.cause),
        }
    }
}
