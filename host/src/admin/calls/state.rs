//! What an operator reads of the host: whether it is ready, its figures, the changes, and what
//! recent requests did.

use super::AdminApi;
use super::response::{AdminResponse, json, response, text};
use crate::admin::metrics;
use crate::metrics::TEXT_FORMAT;
use crate::swap::Record;
use crate::telemetry::RequestView;
use http::StatusCode;
use serde::Serialize;

/// How many changes `/services/history` returns by default, and at most.
const HISTORY_DEFAULT: usize = 100;
const HISTORY_MAX: usize = 2_000;

#[derive(Serialize)]
struct HistoryPage {
    changes: Vec<Record>,
}

/// Clients may choose an id again, so there may be several.
#[derive(Serialize)]
struct RequestsFound {
    requests: Vec<RequestView>,
}

impl AdminApi {
    pub(super) fn readiness(&self) -> AdminResponse {
        let services = self.swapper.services();
        let distrust = services.clock().distrust();
        let reason = distrust
            .map(|reason| reason.advice())
            .or_else(|| services.unready());
        match reason {
            None => text(StatusCode::OK, "ready\n"),
            Some(reason) => {
                let message = format!("not ready: {reason}\n");
                text(StatusCode::SERVICE_UNAVAILABLE, &message)
            }
        }
    }

    pub(super) async fn metrics(&self) -> AdminResponse {
        match metrics::page(&self.figures, self.swapper.services()).await {
            Ok(page) => response(StatusCode::OK, TEXT_FORMAT, page.into_bytes()),
            Err(reason) => text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{reason}\n")),
        }
    }

    /// What the recent requests of an id did.
    pub(super) fn requests(&self, id: &str) -> AdminResponse {
        let requests = self.recent.find(id);
        if requests.is_empty() {
            let message = "no recent request has this id; the log may have it\n";
            return text(StatusCode::NOT_FOUND, message);
        }
        tracing::info!(of = id, "an operator looked at a request");
        json(StatusCode::OK, &RequestsFound { requests })
    }

    /// The latest changes, of all services or of one.
    pub(super) fn history(&self, query: &str) -> AdminResponse {
        let mut service = None;
        let mut limit = HISTORY_DEFAULT;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("service", name)) => service = Some(name),
                Some(("limit", number)) => match number.parse() {
                    Ok(number) if (1..=HISTORY_MAX).contains(&number) => limit = number,
                    _ => {
                        let message = format!("limit must be a number from 1 to {HISTORY_MAX}\n");
                        return text(StatusCode::BAD_REQUEST, &message);
                    }
                },
                _ => {
                    let message = "unknown query; there are service=NAME and limit=N\n";
                    return text(StatusCode::BAD_REQUEST, message);
                }
            }
        }
        let changes = self.swapper.latest(service, limit);
        json(StatusCode::OK, &HistoryPage { changes })
    }
}
