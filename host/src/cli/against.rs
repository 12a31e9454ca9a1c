//! `strongroom check --against`: asks a running host what a registry would change.

use super::host_client::HostClient;
use crate::builtin;
use crate::registry::{AdminAddress, REGISTRY_BYTES_MAX, Registry};
use crate::swap::Plan;
use anyhow::Context as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(super) async fn run(
    file: &Path,
    data: Option<PathBuf>,
    address: AdminAddress,
) -> anyhow::Result<ExitCode> {
    Ok(print(file, &ask(file, data, address).await?))
}

async fn ask(file: &Path, data: Option<PathBuf>, address: AdminAddress) -> anyhow::Result<Plan> {
    let text = builtin::read(file, REGISTRY_BYTES_MAX)
        .with_context(|| format!("{}: cannot be read", file.display()))?;
    // The host reports its mistakes. What can be read of it says where the host's token is.
    let mut host = Registry::parse(file, &String::from_utf8_lossy(&text))
        .0
        .host;
    host.set_data(data);
    let client = HostClient::new(address, &host)?;
    let (status, body) = client
        .post("/services/plan", "application/toml", text.into_owned())
        .await?;
    anyhow::ensure!(
        status.is_success(),
        "the host responded {status}: {}",
        String::from_utf8_lossy(&body).trim()
    );
    client.read(&body)
}

/// Prints a plan. The exit code is a failure if the host would refuse any of it.
fn print(file: &Path, plan: &Plan) -> ExitCode {
    for problem in &plan.problems {
        println!("{}:{problem}", file.display());
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
