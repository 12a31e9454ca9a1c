//! The measurements, each in a JSON file of its own.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Where a command writes its measurement.
#[derive(Debug, clap::Args)]
pub struct Destination {
    /// The file to write the measurement to
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
}

impl Destination {
    pub fn keep(&self, measurement: &impl Serialize) -> Result<()> {
        write_json(&self.record, measurement)
    }
}

#[derive(Debug, clap::Args)]
pub struct Records {
    /// The folder of the measurements
    #[arg(long = "records", value_name = "FOLDER")]
    pub folder: PathBuf,
}

impl Records {
    /// Reads a measurement; none if there is no such file.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.folder.join(name).with_extension("json");
        path.exists().then(|| read_json(&path)).transpose()
    }
}

pub fn read_json<T: DeserializeOwned>(file: &Path) -> Result<T> {
    serde_json::from_str(&read_text(file)?).with_context(|| format!("{}", file.display()))
}

pub fn write_json(file: &Path, content: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(content)?;
    fs::write(file, text).with_context(|| format!("{}", file.display()))
}

pub fn read_text(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("{}", file.display()))
}

/// A load run: only requests that ended after the warm-up and before the end count.
#[derive(Debug, Serialize, Deserialize)]
pub struct Load {
    /// Clients that each have one open request at any time.
    pub clients: u64,
    /// The length of the run without its warm-up.
    pub microseconds: u64,
    /// Responses with the status that means success.
    pub answered: u64,
    /// How many operations each request asks for.
    pub operations_per_request: u64,
    /// Other responses and errors, by their text.
    pub errors: BTreeMap<String, u64>,
    /// How long the successful responses took.
    pub latency: Latency,
    /// The server's CPU time, if the server is one process.
    pub server_cpu_microseconds: Option<u64>,
}

impl Load {
    /// Operations that succeeded, a second.
    pub fn rate(&self) -> u64 {
        let done = self.answered.saturating_mul(self.operations_per_request);
        let done = done.saturating_mul(1_000_000);
        done.checked_div(self.microseconds).unwrap_or(0)
    }

    /// The server's CPU time for each operation, in microseconds.
    pub fn cpu_microseconds_each(&self) -> Option<u64> {
        let requests = self.answered.saturating_add(self.failed());
        let operations = requests.saturating_mul(self.operations_per_request);
        self.server_cpu_microseconds?.checked_div(operations)
    }

    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }
}

/// Some quantiles of a distribution, in microseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Latency {
    pub p50: u64,
    pub p99: u64,
    pub max: u64,
}

impl Display for Latency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50, p99, max } = self;
        write!(formatter, "p50 {p50} us, p99 {p99} us, max {max} us")
    }
}

impl From<&Histogram<u64>> for Latency {
    fn from(histogram: &Histogram<u64>) -> Self {
        Self {
            p50: histogram.value_at_quantile(0.50),
            p99: histogram.value_at_quantile(0.99),
            max: histogram.max(),
        }
    }
}

/// A minute: longer than a request of any server here.
const LATENCY_MICROSECONDS_MAX: u64 = 60_000_000;

/// A histogram of microseconds, exact to three digits.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_MICROSECONDS_MAX, 3).expect("the bounds are in order")
}
