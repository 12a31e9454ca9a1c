//! The calls of the admin API.

use super::guard::{Guard, Refusal};
use super::services::ServiceList;
use crate::arriving_body::ArrivingBody;
use crate::links::CallError;
use crate::registry::{AdminAddress, AdminToken, HostSpec, REGISTRY_BYTES_MAX};
use crate::runtime::CommandError;
use crate::swap::{RecordRow, Swapper, Trigger};
use crate::wall_clock::Acceptance;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many changes `/services/history` answers, unless it is told, and at most.
const HISTORY_DEFAULT: usize = 100;
const HISTORY_MAX: usize = 2_000;
/// The largest body of a command, in bytes.
const COMMAND_BYTES_MAX: u64 = 64 << 10;
/// How long a client may take to send a body.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);
/// How many calls that change or plan something may be under way: they may take minutes, and must
/// not take all connections.
const CHANGES_MAX: usize = 16;

const INDEX: &str = "there is nothing here; there are:
GET  /healthz            200 while the process works
GET  /readyz             503 until every service serves, while draining, and while the clock is not trusted
GET  /services           what every service is doing
GET  /services/history   what was changed, newest first; ?service=NAME&limit=N
POST /services/reload    read the registry now, and try again what was refused
POST /services/plan      what the registry in the body would change; `strongroom check --against` shows it
POST /services/SERVICE/commands/COMMAND   tell a service something; `strongroom admin` does it
POST /clock/accept       the machine's clock is right as it is; `strongroom admin accept-clock` does it
";

type Answer = Response<Full<Bytes>>;

/// The admin API of a host.
pub struct AdminApi {
    swapper: Arc<Swapper>,
    guard: Guard,
    changes: Arc<Semaphore>,
}

/// The body of a command.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandBody {
    /// What the command is about, such as an email address.
    pub arguments: Vec<String>,
}

/// The answer to a command.
#[derive(Debug, Serialize, Deserialize)]
pub struct CommandOutput {
    /// What the operator must see.
    pub output: String,
}

impl AdminApi {
    /// The API of the host that listens at `address`; whoever changes something must show `token`.
    pub fn new(
        swapper: Arc<Swapper>,
        host: &HostSpec,
        address: &AdminAddress,
        token: &AdminToken,
    ) -> Self {
        let guards_reads = host.admin_token.is_some();
        Self {
            swapper,
            guard: Guard::new(address, &host.admin_hosts, token, guards_reads),
            changes: Arc::new(Semaphore::new(CHANGES_MAX)),
        }
    }

    /// The answer to one request.
    pub(super) async fn answer(&self, request: Request<&mut ArrivingBody>) -> Answer {
        if let Err(refusal) = self.guard.check(&request) {
            return refused(refusal);
        }
        let path = request.uri().path().to_owned();
        let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
        let is_post = *request.method() == Method::POST;
        let command = command_of(&path);
        match path.as_str() {
            "/healthz" | "/readyz" | "/services" | "/services/history" if !is_get => {
                not_allowed("GET, HEAD")
            }
            "/services/reload" | "/services/plan" | "/clock/accept" if !is_post => {
                not_allowed("POST")
            }
            _ if command.is_some() && !is_post => not_allowed("POST"),
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" => self.readiness(),
            "/services" => json(StatusCode::OK, &ServiceList::of(&self.swapper)),
            "/services/history" => {
                history(&self.swapper, request.uri().query().unwrap_or_default())
            }
            "/services/reload" => self.change(request, Change::Reload).await,
            "/services/plan" => self.change(request, Change::Plan).await,
            "/clock/accept" => self.change(request, Change::Clock).await,
            _ => match command {
                Some((service, name)) => {
                    let change = Change::Command { service, name };
                    self.change(request, change).await
                }
                None => text(StatusCode::NOT_FOUND, INDEX),
            },
        }
    }

    fn readiness(&self) -> Answer {
        let services = self.swapper.services();
        if let Some(reason) = services.clock().distrust() {
            let message = format!("not ready: {}\n", reason.advice());
            text(StatusCode::SERVICE_UNAVAILABLE, &message)
        } else if services.are_ready() {
            text(StatusCode::OK, "ready\n")
        } else {
            let message = "not ready; /services says why\n";
            text(StatusCode::SERVICE_UNAVAILABLE, message)
        }
    }

    /// Answers a call that may take long.
    async fn change(&self, request: Request<&mut ArrivingBody>, change: Change<'_>) -> Answer {
        let Ok(turn) = Arc::clone(&self.changes).try_acquire_owned() else {
            let message = format!("{CHANGES_MAX} such calls are under way; try again\n");
            return text(StatusCode::SERVICE_UNAVAILABLE, &message);
        };
        let answer = match change {
            Change::Reload => Ok(self.reload(turn).await),
            Change::Plan => self.plan(request).await,
            Change::Clock => Ok(self.accept_clock().await),
            Change::Command { service, name } => self.command(request, service, name, turn).await,
        };
        answer.unwrap_or_else(|refusal| refusal)
    }

    async fn reload(&self, turn: OwnedSemaphorePermit) -> Answer {
        // A task of its own: a client that goes away must not break a change off half-way.
        let swapper = Arc::clone(&self.swapper);
        let reload = tokio::spawn(async move {
            let report = swapper.reload(Trigger::Request).await;
            drop(turn);
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

    async fn plan(&self, request: Request<&mut ArrivingBody>) -> Result<Answer, Answer> {
        let body = read(request, REGISTRY_BYTES_MAX, "a registry").await?;
        let registry = std::str::from_utf8(&body).map_err(|_| {
            let message = "the body must be a registry in UTF-8\n";
            text(StatusCode::BAD_REQUEST, message)
        })?;
        Ok(json(StatusCode::OK, &self.swapper.plan(registry).await))
    }

    /// Takes the operator's word that the machine's clock is right.
    async fn accept_clock(&self) -> Answer {
        let clock = Arc::clone(self.swapper.services().clock());
        let accepted = tokio::task::spawn_blocking(move || clock.accept()).await;
        let output = match accepted {
            Ok(Ok(Acceptance::Accepted(reason))) => format!("Accepted, although {reason}."),
            Ok(Ok(Acceptance::TrustedAlready)) => {
                "The clock is trusted already; there was nothing to accept.".to_owned()
            }
            Ok(Err(error)) => {
                let message = format!(
                    "the clock is accepted, but its time could not be kept, and the next start may not trust it: {error}\n"
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

    /// Has a service carry out a command.
    async fn command(
        &self,
        request: Request<&mut ArrivingBody>,
        service: &str,
        name: &str,
        turn: OwnedSemaphorePermit,
    ) -> Result<Answer, Answer> {
        let body = read(request, COMMAND_BYTES_MAX, "a command's arguments").await?;
        let command: CommandBody = serde_json::from_slice(&body).map_err(|error| {
            let message = format!("the body must be {{\"arguments\":[\"..\"]}}: {error}\n");
            text(StatusCode::BAD_REQUEST, &message)
        })?;
        let generation = {
            let lineup = self.swapper.services().lineup();
            let Some(post) = lineup.get(service) else {
                return Err(text(StatusCode::NOT_FOUND, "there is no such service\n"));
            };
            post.stable.clone()
        };
        let is_draining = self.swapper.services().draining().is_cancelled();
        let Some(generation) = generation.filter(|_| !is_draining) else {
            let message = format!("{}\n", CallError::NotServing);
            return Err(text(StatusCode::SERVICE_UNAVAILABLE, &message));
        };
        let (service, name) = (service.to_owned(), name.to_owned());
        // A task of its own: what it did is logged, although its client goes away.
        let run = tokio::spawn(async move {
            let outcome = generation.command(name.clone(), command.arguments).await;
            // Neither the arguments nor the output: they may be secret, or about people.
            let is_done = outcome.is_ok();
            tracing::info!(service, command = name, is_done, "an operator's command");
            drop(turn);
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
enum Change<'p> {
    Reload,
    Plan,
    Clock,
    Command { service: &'p str, name: &'p str },
}

/// The service and the command of a path.
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

/// Says why a call was refused.
fn refused(refusal: Refusal) -> Answer {
    let unauthorized = |challenge, message: &str| {
        let mut response = text(StatusCode::UNAUTHORIZED, message);
        let challenge = HeaderValue::from_static(challenge);
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        response
    };
    match refusal {
        Refusal::ForeignHost(host) => {
            let message = format!(
                "the host `{host}` is not known here; call by 127.0.0.1 or localhost, or add the name to `admin_hosts` of [host]\n"
            );
            text(StatusCode::FORBIDDEN, &message)
        }
        Refusal::ForeignOrigin => text(
            StatusCode::FORBIDDEN,
            "web pages may not call the admin API\n",
        ),
        Refusal::NoToken => unauthorized(
            "Bearer realm=\"strongroom admin\"",
            "send `authorization: Bearer TOKEN`; the token is `admin_token` of [host], or else in admin.token of the data folder\n",
        ),
        Refusal::WrongToken => unauthorized(
            "Bearer realm=\"strongroom admin\", error=\"invalid_token\"",
            "the token is not this host's; it is `admin_token` of [host], or else in admin.token of the data folder\n",
        ),
    }
}

/// Reads a body, or says why not.
async fn read(
    request: Request<&mut ArrivingBody>,
    bytes_max: u64,
    what: &str,
) -> Result<Bytes, Answer> {
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
            let message = format!("the body did not come in {BODY_TIME_MAX:?}\n");
            Err(text(StatusCode::REQUEST_TIMEOUT, &message))
        }
    }
}

#[derive(Serialize)]
struct HistoryPage {
    changes: Vec<RecordRow>,
}

fn history(swapper: &Swapper, query: &str) -> Answer {
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

fn not_allowed(methods: &'static str) -> Answer {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, &format!("use {methods}\n"));
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(methods));
    response
}

fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(json) => response(status, "application/json", json),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n")),
    }
}

fn text(status: StatusCode, text: &str) -> Answer {
    response(
        status,
        "text/plain; charset=utf-8",
        text.as_bytes().to_vec(),
    )
}

fn response(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
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
