//! `strongroom admin`: an operator's commands to a running host and its services.

use super::host_client::{HostClient, HostTarget};
use super::printable;
use crate::admin::{CommandBody, CommandOutput};
use clap::Subcommand;
use http::StatusCode;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct AdminArguments {
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Print a new password for a user, and end all their sessions
    ResetPassword {
        /// The user's email address
        email: String,
        /// The service that keeps users and passwords
        #[arg(long, value_name = "NAME", default_value = "auth")]
        service: String,
        #[command(flatten)]
        target: HostTarget,
    },
    /// Trust the machine's clock as it is, although it has jumped, or is behind the time at which
    /// the host last ran
    AcceptClock {
        #[command(flatten)]
        target: HostTarget,
    },
}

pub(super) async fn run(arguments: AdminArguments) -> anyhow::Result<ExitCode> {
    let (call, target) = match arguments.command {
        AdminCommand::ResetPassword {
            email,
            service,
            target,
        } => (AdminCall::reset_password(&service, email), target),
        AdminCommand::AcceptClock { target } => (AdminCall::accept_clock(), target),
    };
    let output = call.send(&target.client()?).await?;
    println!("{}", printable(&output));
    Ok(ExitCode::SUCCESS)
}

/// A call of the admin API.
struct AdminCall {
    /// A service, or a part of the host.
    addressee: String,
    path: String,
    /// The body, for a service; none for the host itself.
    command: Option<CommandBody>,
}

impl AdminCall {
    fn reset_password(service: &str, email: String) -> Self {
        Self {
            addressee: service.to_owned(),
            path: format!("/services/{service}/commands/reset-password"),
            command: Some(CommandBody {
                arguments: vec![email],
            }),
        }
    }

    fn accept_clock() -> Self {
        Self {
            addressee: "clock".to_owned(),
            path: "/clock/accept".to_owned(),
            command: None,
        }
    }

    /// Sends the call, and returns its output.
    async fn send(&self, client: &HostClient) -> anyhow::Result<String> {
        let body = match &self.command {
            Some(command) => serde_json::to_vec(command)?,
            None => Vec::new(),
        };
        let (status, body) = client.post(&self.path, "application/json", body).await?;
        if status == StatusCode::OK {
            let result: CommandOutput = client.read(&body)?;
            return Ok(result.output);
        }
        let reason = String::from_utf8_lossy(&body).trim().to_owned();
        // A service's text is the reason by itself; the host's own needs the status.
        if status == StatusCode::UNPROCESSABLE_ENTITY {
            anyhow::bail!("{reason}");
        }
        let addressee = &self.addressee;
        anyhow::bail!("{addressee}: the host responded {status}: {reason}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_cannot_steer_the_terminal() {
        let shown = printable("the password is\n\u{1b}[2Jsecret\u{9b}31m\r");
        assert_eq!(shown, "the password is\n[2Jsecret31m");
    }
}
