//! What a hostile component costs the bank, and whether that is within the limit. The records are
//! `calm`, and one `during-*` for each attack.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::judge::Judge;
use crate::record::{Load, Records};

/// The limit of the 99th percentile of latency, as a multiple of that without an attack.
const P99_TIMES_MAX: u64 = 2;

pub fn run(records: &Records) -> Result<()> {
    let calm: Load = records.read("calm")?.context("calm was not measured")?;
    let p99_max = calm.latency.p99.saturating_mul(P99_TIMES_MAX);
    let mut judge = Judge::default();
    judge.say(true, line("no attack", &calm));
    for name in attacks(&records.folder)? {
        let load: Load = records.read(&name)?.context("the file was there")?;
        let holds = load.failed() == 0 && load.latency.p99 <= p99_max;
        judge.say(holds, line(name.trim_start_matches("during-"), &load));
    }
    println!(
        "  the limit of p99 is {p99_max} us, which is {P99_TIMES_MAX} times that without an attack"
    );
    judge.end()
}

/// The names of the records of attacks, sorted.
fn attacks(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?.path();
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        if name.starts_with("during-") {
            names.push(name.into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn line(name: &str, load: &Load) -> String {
    let (rate, failed, latency) = (load.rate(), load.failed(), load.latency);
    format!("{name:<42} {rate:>6} transfers/s, {failed} failed, {latency}")
}
