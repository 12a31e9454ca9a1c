//! The load generator: clients that each have one connection and one open request.
//!
//! It runs on one thread, so that a machine with two cores has one for the server. Clients send the
//! next request after each response, or at a [`pace`].

pub mod balances;
pub mod client;
pub mod hello;
pub mod logins;
mod pace;
pub mod server;
pub mod transfers;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http::header::HOST;
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::probe::process::cpu_microseconds;
use crate::record::{self, Destination, Latency, Load};
use client::Client;
use pace::Pace;
use server::Server;

/// The clients of a run, and its times.
#[derive(Debug, Clone, clap::Args)]
pub struct Plan {
    /// Clients at the same time
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    clients: u64,
    // An access token lives for 300 s, and each run begins with a login.
    /// How long to measure, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=240))]
    seconds: u64,
    /// The server's process, to count its CPU time
    #[arg(long)]
    pid: u32,
    /// How long to load the server before the measurement, in seconds
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=30))]
    warm_up: u64,
    /// Requests a second of all clients together; without it, as many as possible
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rate: Option<u64>,
    /// The load is an attack, whose requests may fail: failures are counted and not printed
    #[arg(long)]
    attack: bool,
}

/// A load of the bank, and where its measurement goes.
#[derive(Debug, clap::Args)]
struct BankLoad {
    #[command(flatten)]
    server: Server,
    /// The file that `seed` wrote
    #[arg(long, value_name = "FILE")]
    bank: PathBuf,
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    destination: Destination,
}

/// Makes a request, which is a `POST` if it has a body.
fn request(host: &HeaderValue, path: Uri, body: Option<Bytes>) -> Request<Full<Bytes>> {
    let method = match &body {
        Some(_) => Method::POST,
        None => Method::GET,
    };
    let mut request = Request::new(Full::from(body.unwrap_or_default()));
    *request.method_mut() = method;
    *request.uri_mut() = path;
    request.headers_mut().insert(HOST, host.clone());
    request
}

/// The measurements of all clients of a run.
struct Tally {
    success: StatusCode,
    latencies: Histogram<u64>,
    errors: BTreeMap<String, u64>,
    is_attack: bool,
}

/// The times of a run.
#[derive(Clone, Copy)]
struct Span {
    measured_from: Instant,
    measured_until: Instant,
}

/// Runs a load against a server. `next` makes a request, with its target in origin form; a response
/// with the status `success` is a success, and a run needs one, unless it is an attack.
pub async fn run(
    server: &Server,
    plan: &Plan,
    success: StatusCode,
    next: impl Fn() -> Request<Full<Bytes>> + 'static,
) -> Result<Load> {
    let tally = Rc::new(RefCell::new(Tally {
        success,
        latencies: record::histogram(),
        errors: BTreeMap::new(),
        is_attack: plan.attack,
    }));
    let mut clients = Vec::new();
    for _ in 0..plan.clients {
        clients.push(Client::connect(server).await?);
    }
    let measured_from = Instant::now() + Duration::from_secs(plan.warm_up);
    let span = Span {
        measured_from,
        measured_until: measured_from + Duration::from_secs(plan.seconds),
    };
    let tasks = LocalSet::new();
    let pace = Rc::new(Pace::new(plan.rate));
    let next = Rc::new(next);
    for client in clients {
        let (next, pace) = (Rc::clone(&next), Rc::clone(&pace));
        tasks.spawn_local(keep_asking(client, next, pace, span, Rc::clone(&tally)));
    }
    tasks.spawn_local(async move { pace.run_until(span.measured_until).await });
    let server_cpu_microseconds = tasks.run_until(cpu_used(plan.pid, span)).await?;
    tasks.await;
    let tally = tally.borrow();
    if tally.latencies.is_empty() && !plan.attack {
        bail!("no request succeeded: {:?}", tally.errors);
    }
    Ok(Load {
        clients: plan.clients,
        microseconds: plan.seconds.saturating_mul(1_000_000),
        answered: tally.latencies.len(),
        operations_per_request: 1,
        errors: tally.errors.clone(),
        latency: Latency::from(&tally.latencies),
        server_cpu_microseconds: Some(server_cpu_microseconds),
    })
}

/// The CPU time that a process uses while a run is measured.
async fn cpu_used(pid: u32, span: Span) -> Result<u64> {
    tokio::time::sleep_until(span.measured_from).await;
    let before = cpu_microseconds(pid)?;
    tokio::time::sleep_until(span.measured_until).await;
    Ok(cpu_microseconds(pid)?.saturating_sub(before))
}

async fn keep_asking(
    mut client: Client,
    next: Rc<impl Fn() -> Request<Full<Bytes>>>,
    pace: Rc<Pace>,
    span: Span,
    tally: Rc<RefCell<Tally>>,
) {
    loop {
        let request = next();
        let Some(asked) = pace.next().await else {
            return;
        };
        let outcome = client.ask(request).await;
        let answered = Instant::now();
        if answered >= span.measured_until {
            return;
        }
        if answered >= span.measured_from {
            tally.borrow_mut().count(&outcome, answered - asked);
        }
        if let Err(error) = outcome
            && let Err(again) = client.reconnect().await
        {
            eprintln!("a client stops: {error:#}, then {again:#}");
            return;
        }
    }
}

impl Tally {
    fn count(&mut self, outcome: &Result<client::Answer>, took: Duration) {
        let error = match outcome {
            Ok(answer) if answer.status == self.success => {
                let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                self.latencies.saturating_record(microseconds);
                return;
            }
            Ok(answer) => answer.status.to_string(),
            Err(error) => format!("{error:#}"),
        };
        let count = self.errors.entry(error.clone()).or_default();
        *count = count.saturating_add(1);
        if *count == 1 && !self.is_attack {
            let body = outcome
                .as_ref()
                .map(|answer| String::from_utf8_lossy(&answer.body));
            eprintln!(
                "the first failure of its kind: {error}: {}",
                body.unwrap_or_default()
            );
        }
    }
}

pub fn on_one_thread<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("a runtime")?
        .block_on(future)
}
