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
    let output = match arguments.command {
        AdminCommand::ResetPassword {
            email,
            service,
            target,
        } => {
            let path = format!("/services/{service}/commands/reset-password");
            let arguments = vec![email];
            let body = serde_json::to_vec(&CommandBody { arguments })?;
            send(&target.client()?, &service, &path, body).await?
        }
        AdminCommand::AcceptClock { target } => {
            send(&target.client()?, "clock", "/clock/accept", Vec::new()).await?
        }
    };
    println!("{}", printable(&output));
    Ok(ExitCode::SUCCESS)
}

/// Sends a call to a service, or to a part of the host, and returns its output.
async fn send(
    client: &HostClient,
    addressee: &str,
    path: &str,
    body: Vec<u8>,
) -> anyhow::Result<String> {
    let (status, body) = client.post(path, "application/json", body).await?;
    if status == StatusCode::OK {
        let result: CommandOutput = client.read(&body)?;
        return Ok(result.output);
    }
    let reason = String::from_utf8_lossy(&body).trim().to_owned();
    // A service's text is the reason by itself; the host's own needs the status.
    if status == StatusCode::UNPROCESSABLE_ENTITY {
        anyhow::bail!("{reason}");
    }
    anyhow::bail!("{addressee}: the host responded {status}: {reason}")
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
