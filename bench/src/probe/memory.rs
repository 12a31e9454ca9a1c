//! The resident memory of a process, as Linux counts it.

use std::fs;

use anyhow::{Context, Result};

use crate::record::{Destination, Figure};

#[derive(Debug, clap::Args)]
pub struct MemoryCommand {
    /// The id of the process
    #[arg(long)]
    pid: u32,
    #[command(flatten)]
    destination: Destination,
}

impl MemoryCommand {
    pub fn run(&self) -> Result<()> {
        let path = format!("/proc/{}/status", self.pid);
        let status = fs::read_to_string(&path).with_context(|| path.clone())?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
            .with_context(|| format!("{path} has no VmRSS"))?;
        let kib: u64 = kib.trim().parse()?;
        let bytes = kib.saturating_mul(1024);
        self.destination.keep(&Figure { value: bytes })
    }
}
