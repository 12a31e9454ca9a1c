//! What swaps cost the clients of the host, and whether that is within the limits.

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use super::swaps::Swaps;
use crate::judge::Judge;
use crate::record::{Load, Records};

/// The limit of the 99th percentile of latency, as a multiple of that without swaps.
const P99_TIMES_MAX: u64 = 3;
/// The limit of the switch itself, in microseconds.
const SWITCH_MICROSECONDS_MAX: u64 = 1_000;
/// The limit of the resident memory after the swaps, in percent of that before.
const MEMORY_PERCENT_MAX: u64 = 110;

#[derive(Debug, clap::Args)]
pub struct VerdictCommand {
    #[command(flatten)]
    records: Records,
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
        let before: u64 = self.record("memory-before")?;
        let after: u64 = self.record("memory-after")?;
        let seconds = swaps.microseconds / 1_000_000;
        println!("{}: {} swaps in {seconds} s", self.prefix, swaps.swaps);
        println!("  measured maximum         {:>9} requests/s", max.rate());
        for (name, load) in [("without swaps", &calm), ("with swaps", &swapped)] {
            let (rate, failed, latency) = (load.rate(), load.failed(), load.latency);
            println!("  {name:<24} {rate:>9} requests/s, {failed} failed, {latency}");
        }
        for (name, step) in [
            ("save to taken", &swaps.taken),
            ("load", &swaps.load),
            ("warm", &swaps.warm),
            ("switch", &swaps.switch),
            ("drain", &swaps.drain),
        ] {
            println!("  {name:<24} {step}");
        }
        let percent = after.saturating_mul(100) / before.max(1);
        let [before, after] = [before, after].map(|bytes| bytes / 1_000_000);
        println!("  resident memory          {before} MB before, {after} MB after ({percent} %)");

        let mut judge = Judge::default();
        let (failed, refused) = (swapped.failed(), swaps.connections_failed);
        judge.say(failed == 0, format!("no request failed: {failed}"));
        judge.say(refused == 0, format!("no connection refused: {refused}"));
        let p99 = swapped.latency.p99;
        let is_quick = p99 <= calm.latency.p99.saturating_mul(P99_TIMES_MAX);
        let what = format!("p99 at most {P99_TIMES_MAX} times that without swaps (us): {p99}");
        judge.say(is_quick, what);
        let switch = swaps.switch.max;
        let is_quick = switch < SWITCH_MICROSECONDS_MAX;
        judge.say(is_quick, format!("the switch under 1 ms (us): {switch}"));
        let is_small = percent <= MEMORY_PERCENT_MAX;
        judge.say(is_small, format!("memory within 10 % (%): {percent}"));
        let rest = swaps.not_drained;
        judge.say(rest == 0, format!("every old generation ended: {rest}"));
        judge.end()
    }

    fn record<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let name = format!("{}-{name}", self.prefix);
        let record = self.records.read(&name)?;
        record.with_context(|| format!("{name} was not measured"))
    }
}
