//! `POST /services/SERVICE/commands/COMMAND`: runs a command of a service.

use super::AdminApi;
use super::body::{parse_object, read};
use super::response::{AdminResponse, json, text};
use crate::arriving_body::ArrivingBody;
use crate::links::CallError;
use crate::runtime::CommandError;
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

/// The largest body of a command, in bytes.
pub(super) const COMMAND_BYTES_MAX: u64 = 64 << 10;

/// The body of a command.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandBody {
    /// What the command needs, such as an email address.
    pub arguments: Vec<String>,
}

/// The result of a command.
#[derive(Debug, Serialize, Deserialize)]
pub struct CommandOutput {
    /// The text for the operator.
    pub output: String,
}

impl AdminApi {
    /// Runs a command of a service.
    pub(super) async fn command(
        &self,
        request: Request<&mut ArrivingBody>,
        service: &str,
        name: &str,
        permit: OwnedSemaphorePermit,
    ) -> Result<AdminResponse, AdminResponse> {
        let body = read(request, COMMAND_BYTES_MAX, "a command's arguments").await?;
        let command: CommandBody = parse_object(&body).map_err(|error| {
            let message = format!("the body must be {{\"arguments\":[\"..\"]}}: {error}\n");
            text(StatusCode::BAD_REQUEST, &message)
        })?;
        let generation = {
            let table = self.swapper.services().routing_table();
            let Some(route) = table.get(service) else {
                return Err(text(StatusCode::NOT_FOUND, "there is no such service\n"));
            };
            route.stable.clone()
        };
        let is_draining = self.swapper.services().draining().is_cancelled();
        let Some(generation) = generation.filter(|_| !is_draining) else {
            let message = format!("{}\n", CallError::NotServing);
            return Err(text(StatusCode::SERVICE_UNAVAILABLE, &message));
        };
        let (service, name) = (service.to_owned(), name.to_owned());
        // A task of its own: its outcome is logged, although the client goes away.
        let run = tokio::spawn(async move {
            let outcome = generation.command(name.clone(), command.arguments).await;
            // Not the arguments or the output: they may be secret, or personal data.
            let is_done = outcome.is_ok();
            tracing::info!(service, command = name, is_done, "an operator's command");
            drop(permit);
            outcome
        });
        let outcome = run.await.map_err(|_| {
            let message = "the command failed; see the log\n";
            text(StatusCode::INTERNAL_SERVER_ERROR, message)
        })?;
        Ok(match outcome {
            Ok(output) => json(StatusCode::OK, &CommandOutput { output }),
            Err(error) => text(status_of(&error), &format!("{error}\n")),
        })
    }
}

/// The service and the command that a path names.
pub(super) fn command_of(path: &str) -> Option<(&str, &str)> {
    let (service, name) = path.strip_prefix("/services/")?.split_once("/commands/")?;
    let is_name = |name: &str| !name.is_empty() && !name.contains('/');
    (is_name(service) && is_name(name)).then_some((service, name))
}

fn status_of(error: &CommandError) -> StatusCode {
    match error {
        CommandError::NoCommands => StatusCode::NOT_FOUND,
        CommandError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        CommandError::Failed(failure) => match failure.error {
            CallError::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            CallError::NotServing | CallError::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            CallError::Failed | CallError::Writing => StatusCode::BAD_GATEWAY,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_found_in_its_path() {
        let found = command_of("/services/auth/commands/reset-password");
        assert_eq!(found, Some(("auth", "reset-password")));
        for other in rows! {
            "/services/auth/commands/", "/services//commands/x", "/services/auth/commands/x/y",
            "/services/auth/x/commands/y", "/services/auth/commands", "/services/reload",
        } {
            assert_eq!(command_of(other), None, "{other}");
        }
    }
}
