//! How long a durable write takes on a disk: no commit can be faster, ours or PostgreSQL's.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::record::{Destination, Latency, histogram};

/// The page size of most databases, in bytes.
const APPEND_BYTES: usize = 4096;
const MEASURED_TIME: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub struct DiskCommand {
    /// A folder on the disk
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    destination: Destination,
}

impl DiskCommand {
    pub fn run(&self) -> Result<()> {
        let path = self.folder.join("appends");
        let mut file = File::create_new(&path).with_context(|| format!("{}", path.display()))?;
        let mut latencies = histogram();
        let end = Instant::now() + MEASURED_TIME;
        while Instant::now() < end {
            let started = Instant::now();
            file.write_all(&[0x5a; APPEND_BYTES])?;
            file.sync_data()?;
            let microseconds = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            latencies.saturating_record(microseconds);
        }
        std::fs::remove_file(&path)?;
        self.destination.keep(&Latency::from(&latencies))
    }
}
