//! The machine's clock, and that of a host to try things on.

use super::body::read;
use super::command::{COMMAND_BYTES_MAX, CommandOutput};
use super::response::{AdminResponse, json, text};
use super::{AdminApi, dev_clock};
use crate::arriving_body::ArrivingBody;
use crate::wall_clock::{Acceptance, TimeSource};
use http::{Request, StatusCode};
use std::sync::Arc;

impl AdminApi {
    /// Trusts the machine's clock, as the operator says that it is right.
    pub(super) async fn accept_clock(&self) -> AdminResponse {
        let clock = Arc::clone(self.swapper.services().clock());
        let accepted = tokio::task::spawn_blocking(move || clock.accept()).await;
        let output = match accepted {
            Ok(Ok(Acceptance::Accepted(reason))) => format!("Accepted, although {reason}."),
            Ok(Ok(Acceptance::TrustedAlready)) => {
                "The clock is trusted already; there was nothing to accept.".to_owned()
            }
            Ok(Err(error)) => {
                let message = format!(
                    "the clock is accepted, but its time could not be stored, and the next start \
                     may not trust it: {error}\n"
                );
                return text(StatusCode::INTERNAL_SERVER_ERROR, &message);
            }
            Err(_) => {
                let message = "the host is stopping\n";
                return text(StatusCode::SERVICE_UNAVAILABLE, message);
            }
        };
        json(StatusCode::OK, &CommandOutput { output })
    }
}

/// Moves the clock of a host to try things on.
pub(super) async fn move_clock(
    time: &TimeSource,
    request: Request<&mut ArrivingBody>,
) -> Result<AdminResponse, AdminResponse> {
    let body = read(request, COMMAND_BYTES_MAX, "a JSON object").await?;
    let moved = dev_clock::advance(time, &body);
    let moved = moved.map_err(|problem| text(StatusCode::BAD_REQUEST, &format!("{problem}\n")))?;
    Ok(json(StatusCode::OK, &moved))
}
