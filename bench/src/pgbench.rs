//! PostgreSQL's side: the latencies that pgbench has logged.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::record::{Destination, Latency, Load, histogram, read_text};

/// The index of the latency, in microseconds, in a line of pgbench's log.
const LATENCY_WORD: usize = 2;

#[derive(Debug, clap::Args)]
pub struct PgbenchCommand {
    /// The number of pgbench's clients
    #[arg(long)]
    clients: u64,
    /// How long it ran, in seconds
    #[arg(long)]
    seconds: u64,
    /// The folder of pgbench's logs, without other files
    #[arg(long, value_name = "DIR")]
    logs: PathBuf,
    #[command(flatten)]
    destination: Destination,
}

impl PgbenchCommand {
    pub fn run(&self) -> Result<()> {
        let mut latencies = histogram();
        let mut failed = 0_u64;
        for file in fs::read_dir(&self.logs)? {
            let path = file?.path();
            for line in read_text(&path)?.lines() {
                let word = line.split(' ').nth(LATENCY_WORD);
                let word = word.with_context(|| format!("{}: {line}", path.display()))?;
                // pgbench writes `failed` for a transaction that it has abandoned.
                match word.parse() {
                    Ok(microseconds) => latencies.saturating_record(microseconds),
                    Err(_) => failed = failed.saturating_add(1),
                }
            }
        }
        let mut errors = BTreeMap::new();
        if failed > 0 {
            errors.insert("failed".to_owned(), failed);
        }
        self.destination.keep(&Load {
            clients: self.clients,
            microseconds: self.seconds.saturating_mul(1_000_000),
            answered: latencies.len(),
            operations_per_request: 1,
            errors,
            latency: Latency::from(&latencies),
            server_cpu_microseconds: None,
        })
    }
}
