//! `strongroom:service/commands`: what an operator can tell a service.

use super::generation::Generation;
use crate::runtime::instance::failure::CallFailure;
use crate::runtime::limits::call_times::CallTimes;
use crate::runtime::limits::guest_log::cut;

/// The interface, as components export it.
const COMMANDS: &str = "strongroom:service/commands@0.1.0";
/// Its one function.
const COMMANDS_FUNCTION: &str = "run";

/// Why a command has no output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The component does not export the interface.
    #[error("the service takes no commands")]
    NoCommands,
    /// The component's own words.
    #[error("{0}")]
    Refused(String),
    /// The component did not say anything.
    #[error("{0}")]
    Failed(CallFailure),
}

impl Generation {
    /// Carries out a command, and returns what the operator must see.
    ///
    /// # Errors
    /// The component's own words, or why it could not say any.
    pub async fn command(
        &self,
        name: String,
        arguments: Vec<String>,
    ) -> Result<String, CommandError> {
        let function = self.exports.find(COMMANDS, COMMANDS_FUNCTION);
        let function = function.ok_or(CommandError::NoCommands)?;
        let times = CallTimes::of_calls(&self.spec.limits);
        let answer: Result<Result<String, String>, CallFailure> = self
            .pool
            .call_typed(function, (name, arguments), times)
            .await;
        match answer.map_err(CommandError::Failed)? {
            Ok(output) => Ok(cut(output)),
            Err(reason) => Err(CommandError::Refused(cut(reason))),
        }
    }
}
