//! What swaps cost the clients of the host, and whether that is within the limits.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;

use super::swaps::Swaps;
use crate::record::{Figure, Latency, Load, read};

/// The limit of the 99th percentile of latency, as a multiple of that without swaps.
const P99_TIMES_MAX: u64 = 3;
/// The limit of the switch itself, in microseconds.
const SWITCH_MICROSECONDS_MAX: u64 = 1_000;
/// The limit of the resident memory after the swaps, in percent of that before.
const MEMORY_PERCENT_MAX: u64 = 110;

#[derive(Debug, clap::Args)]
pub struct VerdictCommand {
    /// The folder of the records: PREFIX-max, -calm, -swapped, -swaps, -memory-before,
    /// -memory-after
    #[arg(long, value_name = "FOLDER")]
    records: PathBuf,
    /// The prefix of the records to judge
    #[arg(long)]
    prefix: String,
}

impl VerdictCommand {
    pub fn run(&self) -> Result<()> {
        let max: Load = self.record("max")?;
        let calm: Load = self.record("calm")?;
        let swapped: Load = self.record("swapped")?;
        let swaps: Swaps = self.record("swaps")?;
        let before: Figure = self.record("memory-before")?;
        let after: Figure = self.record("memory-after")?;
        println!(
            "{}: {} swaps in {} s",
            self.prefix,
            swaps.swaps,
            swaps.microseconds / 1_000_000
        );
        println!("  measured maximum         {:>9} requests/s", max.rate());
        print_load("without swaps", &calm);
        print_load("with swaps", &swapped);
        for (name, step) in [
            ("save to taken", &swaps.taken),
            ("load", &swaps.load),
            ("warm", &swaps.warm),
            ("switch", &swaps.switch),
            ("drain", &swaps.drain),
        ] {
            print_step(name, step);
        }
        let percent = after.value.saturating_mul(100) / before.value.max(1);
        println!(
            "  resident memory          {} MB before, {} MB after ({percent} %)",
            before.value / 1_000_000,
            after.value / 1_000_000
        );
        let p99_max = calm.latency.p99.saturating_mul(P99_TIMES_MAX);
        let verdicts = [
            ("no request failed", swapped.failed() == 0, swapped.failed()),
            (
                "no connection refused",
                swaps.connections_failed == 0,
                swaps.connections_failed,
            ),
            (
                "p99 at most 3 times that without swaps (us)",
                swapped.latency.p99 <= p99_max,
                swapped.latency.p99,
            ),
            (
                "the switch under 1 ms (us)",
                swaps.switch.max < SWITCH_MICROSECONDS_MAX,
                swaps.switch.max,
            ),
            (
                "memory within 10 % (%)",
                percent <= MEMORY_PERCENT_MAX,
                percent,
            ),
            (
                "every old generation ended",
                swaps.not_drained == 0,
                swaps.not_drained,
            ),
        ];
        for (what, holds, value) in verdicts {
            println!(
                "  {} {what}: {value}",
                if holds { "ok    " } else { "MISSED" }
            );
        }
        ensure!(
            verdicts.iter().all(|(_, holds, _)| *holds),
            "{}: see above",
            self.prefix
        );
        Ok(())
    }

    fn record<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let name = format!("{}-{name}", self.prefix);
        read(Path::new(&self.records), &name)?.with_context(|| format!("{name} was not measured"))
    }
}

fn print_load(name: &str, load: &Load) {
    println!(
        "  {name:<24} {:>9} requests/s, {} failed, p50 {} us, p99 {} us, max {} us",
        load.rate(),
        load.failed(),
        load.latency.p50,
        load.latency.p99,
        load.latency.max
    );
}

fn print_step(name: &str, step: &Latency) {
    println!(
        "  {name:<24} p50 {} us, p99 {} us, max {} us",
        step.p50, step.p99, step.max
    );
}
