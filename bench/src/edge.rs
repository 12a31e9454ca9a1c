//! What the edge costs: this build, plain and by TLS, beside an older one, also in transfers; reads
//! with an API key beside those with tokens; and transfers beside logins. Both sides take turns in
//! one run, and each turn is compared with its neighbour.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::record::{Load, read};
use crate::report::thousandths;

/// The least share of the other side's rate, in thousandths.
const RATE_PERMILLE_MIN: u64 = 900;
/// The same of a key beside tokens: it is looked up, where the check of a token is cached.
const KEY_PERMILLE_MIN: u64 = 920;
/// The most that the 99th percentile of latency may be of the other side's, in thousandths.
const P99_PERMILLE_MAX: u64 = 2_000;

#[derive(Debug, clap::Args)]
pub struct EdgeCommand {
    /// The folder of the records: one of each side and turn
    #[arg(long, value_name = "FOLDER")]
    records: PathBuf,
}

/// The figure that a comparison judges.
#[derive(Clone, Copy)]
enum Measure {
    Rate,
    RateByKey,
    P99,
}

struct EdgeComparison {
    title: String,
    /// The records of the judged side, and of the other one, without the number of the turn.
    sides: [String; 2],
    measure: Measure,
}

/// What is compared. Without a base, TLS is compared with the plain side of this build.
fn comparisons(records: &Path) -> Result<Vec<EdgeComparison>> {
    let has_base = !turns(records, "hello-base")?.is_empty();
    let mut comparisons = Vec::new();
    for (load, side, other) in [
        ("hello", "plain", "base"),
        ("balances", "plain", "base"),
        ("transfers", "plain", "base"),
        ("transfers-of-one", "plain", "base"),
        ("hello", "tls", if has_base { "base" } else { "plain" }),
        ("balances", "tls", if has_base { "base" } else { "plain" }),
    ] {
        comparisons.push(EdgeComparison {
            title: format!("{load}: {side} beside {other}"),
            sides: [format!("{load}-{side}"), format!("{load}-{other}")],
            measure: Measure::Rate,
        });
    }
    comparisons.push(EdgeComparison {
        title: "balances: with an API key beside with tokens".to_owned(),
        sides: ["balances-by-key", "balances-by-token"].map(str::to_owned),
        measure: Measure::RateByKey,
    });
    comparisons.push(EdgeComparison {
        title: "p99 of transfers: with 16 logins a second beside alone".to_owned(),
        sides: ["transfers-beside-logins", "transfers-alone"].map(str::to_owned),
        measure: Measure::P99,
    });
    Ok(comparisons)
}

impl EdgeCommand {
    pub fn run(&self) -> Result<()> {
        let mut misses = 0_u64;
        for comparison in comparisons(&self.records)? {
            if !comparison.print(&self.records)? {
                misses = misses.saturating_add(1);
            }
        }
        for login in turns(&self.records, "logins")? {
            if login.failed() > 0 {
                println!("  MISSED  logins failed: {:?}", login.errors);
                misses = misses.saturating_add(1);
            }
        }
        ensure!(misses == 0, "{misses} targets are missed: see above");
        Ok(())
    }
}

impl EdgeComparison {
    /// Prints its line, and returns whether it meets its target. Without records it has none.
    fn print(&self, records: &Path) -> Result<bool> {
        let [one, other] = &self.sides;
        let (one, other) = (turns(records, one)?, turns(records, other)?);
        let ratios: Vec<u64> = one
            .iter()
            .zip(&other)
            .filter_map(|(one, other)| self.measure.permille(one, other))
            .collect();
        let Some(ratio) = median(ratios.clone()) else {
            println!("  -       {:<56} not measured", self.title);
            return Ok(true);
        };
        let failed: u64 = one.iter().chain(&other).map(Load::failed).sum();
        let is_met = self.measure.is_met(ratio) && failed == 0;
        let figures = [&one, &other].map(|loads| median_of(loads, |load| self.measure.of(load)));
        let cpu = [&one, &other]
            .map(|loads| median_of(loads, |load| load.cpu_microseconds_each().unwrap_or(0)));
        let each: Vec<String> = ratios.into_iter().map(thousandths).collect();
        println!(
            "  {} {:<56} {} ({}; each turn: {}), {} beside {} {}, cpu {} beside {} us, {failed} failed",
            if is_met { "met    " } else { "MISSED " },
            self.title,
            thousandths(ratio),
            self.measure.target(),
            each.join(" "),
            figures[0],
            figures[1],
            self.measure.unit(),
            cpu[0],
            cpu[1],
        );
        Ok(is_met)
    }
}

impl Measure {
    fn of(self, load: &Load) -> u64 {
        match self {
            Self::Rate | Self::RateByKey => load.rate(),
            Self::P99 => load.latency.p99,
        }
    }

    fn permille(self, one: &Load, other: &Load) -> Option<u64> {
        let (one, other) = (self.of(one), self.of(other));
        one.saturating_mul(1_000).checked_div(other)
    }

    fn is_met(self, permille: u64) -> bool {
        match self {
            Self::Rate => permille >= RATE_PERMILLE_MIN,
            Self::RateByKey => permille >= KEY_PERMILLE_MIN,
            Self::P99 => permille <= P99_PERMILLE_MAX,
        }
    }

    fn target(self) -> String {
        match self {
            Self::Rate => format!("at least {}", thousandths(RATE_PERMILLE_MIN)),
            Self::RateByKey => format!("at least {}", thousandths(KEY_PERMILLE_MIN)),
            Self::P99 => format!("at most {}", thousandths(P99_PERMILLE_MAX)),
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Rate | Self::RateByKey => "a second",
            Self::P99 => "us",
        }
    }
}

/// The records of a side, in the order of its turns.
fn turns(records: &Path, side: &str) -> Result<Vec<Load>> {
    let mut loads = Vec::new();
    while let Some(load) = read(records, &format!("{side}-{}", loads.len() + 1))? {
        loads.push(load);
    }
    Ok(loads)
}

fn median_of(loads: &[Load], figure: impl Fn(&Load) -> u64) -> u64 {
    median(loads.iter().map(figure).collect()).unwrap_or(0)
}

/// The number in the middle; of an even count, the lower one of the two.
fn median(mut numbers: Vec<u64>) -> Option<u64> {
    numbers.sort_unstable();
    let middle = numbers.len().checked_sub(1)? / 2;
    numbers.get(middle).copied()
}
