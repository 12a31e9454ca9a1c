//! What a hostile component costs the bank, and whether that is within the limit.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::record::{Load, read};

/// The limit of the 99th percentile of latency, as a multiple of that without an attack.
const P99_TIMES_MAX: u64 = 2;

#[derive(Debug, clap::Args)]
pub struct OverloadCommand {
    /// The folder of the records: calm, and one `during-*` for each attack
    #[arg(long, value_name = "FOLDER")]
    records: PathBuf,
}

impl OverloadCommand {
    pub fn run(&self) -> Result<()> {
        let calm: Load = read(&self.records, "calm")?.context("calm was not measured")?;
        let p99_max = calm.latency.p99.saturating_mul(P99_TIMES_MAX);
        print("no attack", &calm, true);
        let mut misses = 0_u64;
        for name in self.attacks()? {
            let load: Load = read(&self.records, &name)?.context("the file was there")?;
            let holds = load.failed() == 0 && load.latency.p99 <= p99_max;
            if !holds {
                misses = misses.saturating_add(1);
            }
            print(name.trim_start_matches("during-"), &load, holds);
        }
        println!(
            "  the limit of p99 is {p99_max} us, which is {P99_TIMES_MAX} times that without an attack"
        );
        ensure!(misses == 0, "{misses} attacks harm the bank: see above");
        Ok(())
    }

    /// The names of the records of attacks, sorted.
    fn attacks(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for file in fs::read_dir(&self.records)? {
            let name = file?.path().with_extension("");
            let name = name
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if name.starts_with("during-") {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}

fn print(name: &str, load: &Load, holds: bool) {
    println!(
        "  {} {name:<42} {:>6} transfers/s, {} failed, p50 {} us, p99 {} us, max {} us",
        if holds { "ok    " } else { "MISSED" },
        load.rate(),
        load.failed(),
        load.latency.p50,
        load.latency.p99,
        load.latency.max
    );
}
