//! What a hostile component costs the bank, and whether that is within the limit.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::judge::Judge;
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
        let mut judge = Judge::default();
        judge.say(true, line("no attack", &calm));
        for name in self.attacks()? {
            let load: Load = read(&self.records, &name)?.context("the file was there")?;
            let holds = load.failed() == 0 && load.latency.p99 <= p99_max;
            judge.say(holds, line(name.trim_start_matches("during-"), &load));
        }
        println!(
            "  the limit of p99 is {p99_max} us, which is {P99_TIMES_MAX} times that without an attack"
        );
        judge.end()
    }

    /// The names of the records of attacks, sorted.
    fn attacks(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for file in fs::read_dir(&self.records)? {
            let file = file?.path();
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            if name.starts_with("during-") {
                names.push(name.into_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}

fn line(name: &str, load: &Load) -> String {
    let (rate, failed, latency) = (load.rate(), load.failed(), load.latency);
    format!("{name:<42} {rate:>6} transfers/s, {failed} failed, {latency}")
}
