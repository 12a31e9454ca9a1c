//! Reads the registry again, or says what another one would change.

use super::AdminApi;
use super::body::read;
use super::response::{AdminResponse, json, text};
use crate::arriving_body::ArrivingBody;
use crate::registry::REGISTRY_BYTES_MAX;
use crate::swap::Trigger;
use http::{Request, StatusCode};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

impl AdminApi {
    pub(super) async fn reload(&self, permit: OwnedSemaphorePermit) -> AdminResponse {
        // A task of its own: a client that goes away must not stop a change half-way.
        let swapper = Arc::clone(&self.swapper);
        let reload = tokio::spawn(async move {
            let report = swapper.reload(Trigger::Request).await;
            drop(permit);
            report
        });
        let Ok(report) = reload.await else {
            return text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the reload failed; see the log\n",
            );
        };
        let status = if report.is_done() {
            StatusCode::OK
        } else if self.swapper.services().draining().is_cancelled() {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        json(status, &report)
    }

    pub(super) async fn plan(
        &self,
        request: Request<&mut ArrivingBody>,
    ) -> Result<AdminResponse, AdminResponse> {
        let body = read(request, REGISTRY_BYTES_MAX, "a registry").await?;
        let registry = std::str::from_utf8(&body).map_err(|_| {
            let message = "the body must be a registry in UTF-8\n";
            text(StatusCode::BAD_REQUEST, message)
        })?;
        Ok(json(StatusCode::OK, &self.swapper.plan(registry).await))
    }
}
