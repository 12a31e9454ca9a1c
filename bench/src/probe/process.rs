//! What Linux says of a process.

use anyhow::{Context, Result};

use crate::record::{Destination, read_text};

/// The unit of Linux for CPU time, on every architecture: USER_HZ is 100.
const MICROSECONDS_PER_TICK: u64 = 10_000;

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
        let status = read(self.pid, "status")?;
        let mut lines = status.lines();
        let kib = lines.find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        let kib: u64 = kib.context("the process has no VmRSS")?.parse()?;
        self.destination.keep(&kib.saturating_mul(1024))
    }
}

/// The CPU time so far, in user mode and in the kernel. Unlike a rate, it is the same on a busy
/// machine.
pub fn cpu_microseconds(pid: u32) -> Result<u64> {
    let stat = read(pid, "stat")?;
    // proc(5): field 2 is the program's name, which may have any characters and ends with the last
    // bracket; utime is field 14, and stime the next.
    let (_, after_name) = stat.rsplit_once(')').context("the process has no name")?;
    let times = after_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = times.map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(ticks.saturating_mul(MICROSECONDS_PER_TICK))
}

fn read(pid: u32, name: &str) -> Result<String> {
    read_text(format!("/proc/{pid}/{name}").as_ref())
}
