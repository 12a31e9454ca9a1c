//! The calls of the admin API.

use super::dev_clock;
use super::guard::{CallGuard, Refusal};
use super::metrics;
use super::services::ServiceList;
use crate::arriving_body::ArrivingBody;
use crate::backup::{self, BackupSource};
use crate::links::CallError;
use crate::metrics::{Figures, TEXT_FORMAT};
use crate::registry::{AdminAddress, AdminToken, HostSpec, REGISTRY_BYTES_MAX};
use crate::runtime::CommandError;
use crate::swap::{Record, Swapper, Trigger};
use crate::telemetry::{RecentRequests, RequestView};
use crate::wall_clock::{Acceptance, TimeSource};
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::Frame;
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many changes `/services/history` returns by default, and at most.
const HISTORY_DEFAULT: usize = 100;
const HISTORY_MAX: usize = 2_000;
/// The largest body of a command, in bytes.
const COMMAND_BYTES_MAX: u64 = 64 << 10;
/// How long a client may take to send a body.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);
/// How many long calls may run at once: they may take minutes, and must not take all connections.
const LONG_CALLS_MAX: usize = 16;
/// How many backups may be made at once: each reads everything.
const BACKUPS_MAX: usize = 1;

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

/// About how many bytes a backup has.
pub const BACKUP_BYTES: &str = "x-backup-bytes";

type AdminResponse = Response<AdminBody>;
type AdminBody = UnsyncBoxBody<Bytes, io::Error>;

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
    backups: Arc<Semaphore>,
}

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
            backups: Arc::new(Semaphore::new(BACKUPS_MAX)),
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
            "/services/history" => {
                history(&self.swapper, request.uri().query().unwrap_or_default())
            }
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

    fn readiness(&self) -> AdminResponse {
        let services = self.swapper.services();
        if let Some(reason) = services.clock().distrust() {
            let message = format!("not ready: {}\n", reason.advice());
            text(StatusCode::SERVICE_UNAVAILABLE, &message)
        } else if services.are_ready() {
            text(StatusCode::OK, "ready\n")
        } else {
            let message = "not ready; see /services\n";
            text(StatusCode::SERVICE_UNAVAILABLE, message)
        }
    }

    async fn metrics(&self) -> AdminResponse {
        match metrics::page(&self.figures, self.swapper.services()).await {
            Ok(page) => response(StatusCode::OK, TEXT_FORMAT, page.into_bytes()),
            Err(reason) => text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{reason}\n")),
        }
    }

    /// What the recent requests of an id did.
    fn requests(&self, id: &str) -> AdminResponse {
        let requests = self.recent.find(id);
        if requests.is_empty() {
            let message = "no recent request has this id; the log may have it\n";
            return text(StatusCode::NOT_FOUND, message);
        }
        tracing::info!(of = id, "an operator looked at a request");
        json(StatusCode::OK, &RequestsFound { requests })
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

    async fn reload(&self, permit: OwnedSemaphorePermit) -> AdminResponse {
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

    async fn plan(
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

    /// Sends a backup.
    async fn back_up(&self) -> AdminResponse {
        let Ok(permit) = Arc::clone(&self.backups).try_acquire_owned() else {
            let message = "a backup is being made; try again when it is done\n";
            return text(StatusCode::SERVICE_UNAVAILABLE, message);
        };
        let services = self.swapper.services();
        if !services.are_settled() {
            let message = "the services are starting; try again when they serve\n";
            return text(StatusCode::SERVICE_UNAVAILABLE, message);
        }
        let source = match BackupSource::of(services, self.swapper.file()).await {
            Ok(source) => source,
            Err(error) => {
                let message = format!("{error}\n");
                return text(StatusCode::INTERNAL_SERVER_ERROR, &message);
            }
        };
        let bytes = source.bytes();
        let parts = backup::send(source, permit, services.draining().clone());
        let frames = futures::stream::unfold(parts, async |mut parts| {
            let part = parts.recv().await?;
            Some((part.map(Frame::data), parts))
        });
        let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
        let headers = response.headers_mut();
        let tar = HeaderValue::from_static("application/x-tar");
        headers.insert(CONTENT_TYPE, tar);
        headers.insert(BACKUP_BYTES, HeaderValue::from(bytes));
        response
    }

    /// Trusts the machine's clock, as the operator says that it is right.
    async fn accept_clock(&self) -> AdminResponse {
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

    /// Runs a command of a service.
    async fn command(
        &self,
        request: Request<&mut ArrivingBody>,
        service: &str,
        name: &str,
        permit: OwnedSemaphorePermit,
    ) -> Result<AdminResponse, AdminResponse> {
        let body = read(request, COMMAND_BYTES_MAX, "a command's arguments").await?;
        let command: CommandBody = serde_json::from_slice(&body).map_err(|error| {
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

/// A call that changes or plans something.
enum LongCall<'p> {
    Reload,
    Plan,
    AcceptClock,
    Command { service: &'p str, name: &'p str },
}

/// Moves the clock of a host to try things on.
async fn move_clock(
    time: &TimeSource,
    request: Request<&mut ArrivingBody>,
) -> Result<AdminResponse, AdminResponse> {
    let body = read(request, COMMAND_BYTES_MAX, "a JSON object").await?;
    let moved = dev_clock::advance(time, &body);
    let moved = moved.map_err(|problem| text(StatusCode::BAD_REQUEST, &format!("{problem}\n")))?;
    Ok(json(StatusCode::OK, &moved))
}

/// The service and the command that a path names.
fn command_of(path: &str) -> Option<(&str, &str)> {
    let (service, name) = path.strip_prefix("/services/")?.split_once("/commands/")?;
    let is_name = |name: &str| !name.is_empty() && !name.contains('/');
    (is_name(service) && is_name(name)).then_some((service, name))
}

fn status_of(error: &CommandError) -> StatusCode {
    match error {
        CommandError::NoCommands => StatusCode::NOT_FOUND,
        CommandError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        CommandError::Failed(CallError::TimedOut) => StatusCode::GATEWAY_TIMEOUT,
        CommandError::Failed(CallError::NotServing | CallError::Overloaded) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        CommandError::Failed(CallError::Failed | CallError::Writing) => StatusCode::BAD_GATEWAY,
    }
}

/// The response that says why a call was refused.
fn refused(refusal: Refusal) -> AdminResponse {
    let unauthorized = |challenge, message: &str| {
        let mut response = text(StatusCode::UNAUTHORIZED, message);
        let challenge = HeaderValue::from_static(challenge);
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        response
    };
    match refusal {
        Refusal::ForeignHost(host) => {
            let message = format!(
                "the host `{host}` is not known here; call 127.0.0.1 or localhost, or add the name \
                 to `admin_hosts` of [host]\n"
            );
            text(StatusCode::FORBIDDEN, &message)
        }
        Refusal::ForeignOrigin => text(
            StatusCode::FORBIDDEN,
            "web pages may not call the admin API\n",
        ),
        Refusal::NoToken => unauthorized(
            "Bearer realm=\"strongroom admin\"",
            "send `authorization: Bearer TOKEN`; the token is `admin_token` of [host], or without \
             it, in admin.token of the data folder\n",
        ),
        Refusal::WrongToken => unauthorized(
            "Bearer realm=\"strongroom admin\", error=\"invalid_token\"",
            "the token is not this host's, which is `admin_token` of [host], or without it, in \
             admin.token of the data folder\n",
        ),
    }
}

/// Reads a body, or returns the response that says why not.
async fn read(
    request: Request<&mut ArrivingBody>,
    bytes_max: u64,
    what: &str,
) -> Result<Bytes, AdminResponse> {
    let body = Limited::new(
        request.into_body().rest(),
        usize::try_from(bytes_max).unwrap_or(usize::MAX),
    );
    match tokio::time::timeout(BODY_TIME_MAX, body.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => {
            let message = format!("the body must be {what} of at most {bytes_max} bytes\n");
            Err(text(StatusCode::PAYLOAD_TOO_LARGE, &message))
        }
        Err(_) => {
            let message = format!("the body did not arrive in {BODY_TIME_MAX:?}\n");
            Err(text(StatusCode::REQUEST_TIMEOUT, &message))
        }
    }
}

/// Clients may choose an id again, so there may be several.
#[derive(Serialize)]
struct RequestsFound {
    requests: Vec<RequestView>,
}

#[derive(Serialize)]
struct HistoryPage {
    changes: Vec<Record>,
}

fn history(swapper: &Swapper, query: &str) -> AdminResponse {
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
    let changes = swapper.latest(service, limit);
    json(StatusCode::OK, &HistoryPage { changes })
}

fn not_allowed(methods: &'static str) -> AdminResponse {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, &format!("use {methods}\n"));
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(methods));
    response
}

fn json(status: StatusCode, value: &impl Serialize) -> AdminResponse {
    match serde_json::to_vec(value) {
        Ok(json) => response(status, "application/json", json),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n")),
    }
}

fn text(status: StatusCode, text: &str) -> AdminResponse {
    response(
        status,
        "text/plain; charset=utf-8",
        text.as_bytes().to_vec(),
    )
}

fn response(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> AdminResponse {
    let mut response = Response::new(
        Full::from(body)
            .map_err(|never| match never {})
            .boxed_unsync(),
    );
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_found_in_its_path() {
        let expected = Some(("auth", "reset-password"));
        assert_eq!(
            command_of("/services/auth/commands/reset-password"),
            expected
        );
        for other in [
            "/services/auth/commands/",
            "/services//commands/x",
            "/services/auth/commands/x/y",
            "/services/auth/x/commands/y",
            "/services/auth/commands",
            "/services/reload",
        ] {
            assert_eq!(command_of(other), None, "{other}");
        }
    }
}
