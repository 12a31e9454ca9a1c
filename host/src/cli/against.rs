//! `strongroom check --against`: asks a running host what a registry would change in it.

use crate::swap::Plan;
use anyhow::Context as _;
use http::Request;
use http::header::HOST;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long the host may take: it compiles components that it has never seen.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(600);

pub(super) async fn run(registry: &Path, address: &str) -> ExitCode {
    match tokio::time::timeout(ANSWER_TIME_MAX, ask(registry, address)).await {
        Ok(Ok(plan)) => print(&plan),
        Ok(Err(error)) => {
            eprintln!("strongroom: {error:#}");
            ExitCode::FAILURE
        }
        Err(_) => {
            eprintln!("strongroom: the host at {address} did not answer in {ANSWER_TIME_MAX:?}");
            ExitCode::FAILURE
        }
    }
}

async fn ask(registry: &Path, address: &str) -> anyhow::Result<Plan> {
    let text = std::fs::read_to_string(registry)
        .with_context(|| format!("{}: cannot be read", registry.display()))?;
    let address = address.trim_start_matches("http://").trim_end_matches('/');
    let stream = TcpStream::connect(address).await.with_context(|| {
        format!("no host answers at {address}; name its admin address, such as 127.0.0.1:9090")
    })?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::post("/services/plan")
        .header(HOST, address)
        .body(Full::new(Bytes::from(text)))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    connection.abort();
    anyhow::ensure!(
        status.is_success(),
        "the host answered {status}: {}",
        String::from_utf8_lossy(&body).trim()
    );
    serde_json::from_slice(&body)
        .with_context(|| format!("what answers at {address} is no admin API of a strongroom"))
}

/// Prints a plan; it fails if anything in it would be refused.
fn print(plan: &Plan) -> ExitCode {
    for problem in &plan.problems {
        println!("{problem}");
    }
    for change in &plan.changes {
        let what = change.changed.join(", ");
        match &change.refused {
            None => println!("{}: {what}", change.service),
            Some(reason) => println!("{}: {what}: WOULD BE REFUSED: {reason}", change.service),
        }
    }
    for notice in &plan.notices {
        println!("{notice}");
    }
    let is_refused = plan.changes.iter().any(|change| change.refused.is_some());
    if !plan.problems.is_empty() || is_refused {
        return ExitCode::FAILURE;
    }
    if plan.changes.is_empty() {
        println!("nothing would change in the running services");
    }
    ExitCode::SUCCESS
}
