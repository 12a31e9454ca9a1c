//! The calls of the admin API: which there are, and where each is.

mod backup;
mod body;
mod clock;
mod command;
mod dev_clock;
mod registry;
mod response;
mod services;
mod state;

pub use backup::BACKUP_BYTES;
pub use command::{CommandBody, CommandOutput};

use super::guard::CallGuard;
use crate::arriving_body::ArrivingBody;
use crate::metrics::Figures;
use crate::registry::{AdminAddress, AdminToken, HostSpec};
use crate::swap::Swapper;
use crate::telemetry::RecentRequests;
use crate::wall_clock::TimeSource;
use clock::move_clock;
use command::command_of;
use http::{Method, Request, StatusCode};
use response::{AdminResponse, json, not_allowed, refused, text};
use services::ServiceList;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many long calls may run at once: they may take minutes, and must not take all connections.
const LONG_CALLS_MAX: usize = 16;

const INDEX: &str = "there is no such call; there are:
GET  /healthz            200 while the process works
GET  /readyz             200 while each service of the start serves and the clock is trusted,
                         otherwise 503
GET  /metrics            the figures of the host and its services, for Prometheus
GET  /requests/ID        what a recent request did, by its x-request-id (`strongroom requests`)
GET  /services           the state of every service
GET  /services/history   the changes, newest first; ?service=NAME&limit=N
POST /services/reload    read the registry now, and retry what was refused
POST /services/plan      what the registry in the body would change (`strongroom check --against`)
POST /services/SERVICE/commands/COMMAND   run a command of a service (`strongroom admin`)
POST /backup             a copy of the bank as of one moment, as a tar (`strongroom backup`)
POST /clock/accept       trust the machine's clock as it is (`strongroom admin accept-clock`)
POST /dev/clock          move the clock of a host that runs with `serve --dev`
";

/// The admin API of a host.
pub struct AdminApi {
    swapper: Arc<Swapper>,
    /// What `/metrics` shows of the host.
    figures: Arc<[Arc<dyn Figures>]>,
    recent: Arc<RecentRequests>,
    guard: CallGuard,
    /// The time that callers may move, in a host to try things on.
    movable_time: Option<TimeSource>,
    long_calls: Arc<Semaphore>,
}

impl AdminApi {
    /// The API of the host that listens at `address`. A call that changes something must show
    /// `token`. Calls may move `movable_time`, if there is one. `/metrics` shows `figures`,
    /// and `/requests` what is in `recent`.
    pub fn new(
        swapper: Arc<Swapper>,
        figures: Vec<Arc<dyn Figures>>,
        recent: Arc<RecentRequests>,
        host: &HostSpec,
        address: &AdminAddress,
        token: &AdminToken,
        movable_time: Option<TimeSource>,
    ) -> Self {
        let guards_reads = host.admin_token.is_some();
        Self {
            swapper,
            figures: figures.into(),
            recent,
            guard: CallGuard::new(address, &host.admin_names(), token, guards_reads),
            movable_time,
            long_calls: Arc::new(Semaphore::new(LONG_CALLS_MAX)),
        }
    }

    /// Responds to one request.
    pub(super) async fn respond(&self, request: Request<&mut ArrivingBody>) -> AdminResponse {
        if let Err(refusal) = self.guard.check(&request) {
            return refused(refusal);
        }
        let path = request.uri().path().to_owned();
        let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
        let is_post = *request.method() == Method::POST;
        let command = command_of(&path);
        let recent = path.strip_prefix("/requests/");
        if let (Some(time), "/dev/clock") = (&self.movable_time, path.as_str()) {
            return match is_post {
                true => move_clock(time, request)
                    .await
                    .unwrap_or_else(|refusal| refusal),
                false => not_allowed("POST"),
            };
        }
        match path.as_str() {
            "/healthz" | "/readyz" | "/metrics" | "/services" | "/services/history" if !is_get => {
                not_allowed("GET, HEAD")
            }
            "/services/reload" | "/services/plan" | "/backup" | "/clock/accept" if !is_post => {
                not_allowed("POST")
            }
            _ if command.is_some() && !is_post => not_allowed("POST"),
            _ if recent.is_some() && !is_get => not_allowed("GET, HEAD"),
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" => self.readiness(),
            "/metrics" => self.metrics().await,
            "/services" => json(StatusCode::OK, &ServiceList::of(&self.swapper)),
            "/services/history" => self.history(request.uri().query().unwrap_or_default()),
            "/services/reload" => self.run(request, LongCall::Reload).await,
            "/services/plan" => self.run(request, LongCall::Plan).await,
            "/backup" => self.back_up().await,
            "/clock/accept" => self.run(request, LongCall::AcceptClock).await,
            _ => match (command, recent) {
                (Some((service, name)), _) => {
                    let call = LongCall::Command { service, name };
                    self.run(request, call).await
                }
                (None, Some(id)) => self.requests(id),
                (None, None) => text(StatusCode::NOT_FOUND, INDEX),
            },
        }
    }

    /// Runs a call that may take long.
    async fn run(&self, request: Request<&mut ArrivingBody>, call: LongCall<'_>) -> AdminResponse {
        let Ok(permit) = Arc::clone(&self.long_calls).try_acquire_owned() else {
            let message = format!("{LONG_CALLS_MAX} such calls are under way; try again\n");
            return text(StatusCode::SERVICE_UNAVAILABLE, &message);
        };
        let response = match call {
            LongCall::Reload => Ok(self.reload(permit).await),
            LongCall::Plan => self.plan(request).await,
            LongCall::AcceptClock => Ok(self.accept_clock().await),
            LongCall::Command { service, name } => {
                self.command(request, service, name, permit).await
            }
        };
        response.unwrap_or_else(|refusal| refusal)
    }
}

/// A call that changes or plans something.
enum LongCall<'p> {
    Reload,
    Plan,
    AcceptClock,
    Command { service: &'p str, name: &'p str },
}
