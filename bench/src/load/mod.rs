//! The load generator: clients that each have one connection and one open request.
//!
//! It runs on one thread, so that a machine with two cores has one for the server. Clients send the
//! next request after each response, or when it is due.

pub mod balances;
pub mod client;
pub mod hello;
pub mod logins;
pub mod server;
pub mod transfers;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http::header::HOST;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::probe::process::cpu_microseconds;
use crate::record::{self, Destination, Latency, Load};
use client::Client;
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

/// What all clients of a run share: its times, and their measurements.
struct Run<Next> {
    next: Next,
    /// Requests a second; none is without a schedule.
    rate: Option<u64>,
    /// How many requests of the schedule clients have taken.
    taken: Cell<u64>,
    began: Instant,
    measured_from: Instant,
    measured_until: Instant,
    success: StatusCode,
    is_attack: bool,
    latencies: RefCell<Histogram<u64>>,
    errors: RefCell<BTreeMap<String, u64>>,
}

/// Runs a load against a server. `next` makes a request, with its target in origin form; a response
/// with the status `success` is a success, and a run needs one, unless it is an attack.
pub async fn run(
    server: &Server,
    plan: &Plan,
    success: StatusCode,
    next: impl Fn() -> Request<Full<Bytes>> + 'static,
) -> Result<Load> {
    let mut clients = Vec::new();
    for _ in 0..plan.clients {
        clients.push(Client::connect(server).await?);
    }
    let began = Instant::now();
    let measured_from = began + Duration::from_secs(plan.warm_up);
    let measured_until = measured_from + Duration::from_secs(plan.seconds);
    let run = Rc::new(Run {
        next,
        rate: plan.rate,
        taken: Cell::new(0),
        began,
        measured_from,
        measured_until,
        success,
        is_attack: plan.attack,
        latencies: RefCell::new(record::histogram()),
        errors: RefCell::default(),
    });
    let tasks = LocalSet::new();
    for client in clients {
        let run = Rc::clone(&run);
        tasks.spawn_local(async move { run.keep_asking(client).await });
    }
    let server_cpu_microseconds = tasks.run_until(run.cpu_used(plan.pid)).await?;
    tasks.await;
    let errors = run.errors.take();
    let latencies = run.latencies.borrow();
    if latencies.is_empty() && !plan.attack {
        bail!("no request succeeded: {errors:?}");
    }
    Ok(Load {
        clients: plan.clients,
        microseconds: plan.seconds.saturating_mul(1_000_000),
        answered: latencies.len(),
        operations_per_request: 1,
        errors,
        latency: Latency::from(&*latencies),
        server_cpu_microseconds: Some(server_cpu_microseconds),
    })
}

impl<Next: Fn() -> Request<Full<Bytes>>> Run<Next> {
    /// The CPU time that a process uses while the run is measured.
    async fn cpu_used(&self, pid: u32) -> Result<u64> {
        tokio::time::sleep_until(self.measured_from).await;
        let before = cpu_microseconds(pid)?;
        tokio::time::sleep_until(self.measured_until).await;
        Ok(cpu_microseconds(pid)?.saturating_sub(before))
    }

    async fn keep_asking(&self, mut client: Client) {
        loop {
            let request = (self.next)();
            let Some(asked) = self.due().await else {
                return;
            };
            let outcome = client.ask(request).await;
            let answered = Instant::now();
            if answered >= self.measured_until {
                return;
            }
            if answered >= self.measured_from {
                self.count(&outcome, answered - asked);
            }
            if let Err(error) = outcome
                && let Err(again) = client.reconnect().await
            {
                eprintln!("a client stops: {error:#}, then {again:#}");
                return;
            }
        }
    }

    /// Waits until the next request is due, and returns when it was due; none if the run is over.
    ///
    /// The schedule of a paced run does not wait for the server, and the latency of a request
    /// counts from when it was due. So a server that hangs for a moment pays for every request that
    /// was due in that time (see "coordinated omission").
    async fn due(&self) -> Option<Instant> {
        let Some(rate) = self.rate else {
            return Some(Instant::now());
        };
        let number = self.taken.get();
        self.taken.set(number.saturating_add(1));
        let offset = number.saturating_mul(1_000_000) / rate;
        let due = self.began + Duration::from_micros(offset);
        if due.max(Instant::now()) >= self.measured_until {
            return None;
        }
        tokio::time::sleep_until(due).await;
        Some(due)
    }

    fn count(&self, outcome: &Result<Response<Bytes>>, took: Duration) {
        let (error, body) = match outcome {
            Ok(answer) if answer.status() == self.success => {
                let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                return self.latencies.borrow_mut().saturating_record(microseconds);
            }
            Ok(answer) => (answer.status().to_string(), &answer.body()[..]),
            Err(error) => (format!("{error:#}"), &[][..]),
        };
        let mut errors = self.errors.borrow_mut();
        let count = errors.entry(error.clone()).or_default();
        *count = count.saturating_add(1);
        if *count == 1 && !self.is_attack {
            let body = String::from_utf8_lossy(body);
            eprintln!("the first failure of its kind: {error}: {body}");
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
