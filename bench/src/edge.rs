//! What the edge costs: this build, plain and by TLS, beside an older one, also in transfers; reads
//! with an API key beside those with tokens; and transfers beside logins. Both sides take turns in
//! one run, and each turn is compared with its neighbour.

use anyhow::Result;

use crate::judge::Judge;
use crate::record::{Load, Records};
use crate::report::thousandths;

/// The least share of the other side's rate, in thousandths.
const RATE: Target = Target::RateAtLeast(900);
/// The same of a key beside tokens: it is looked up, where the check of a token is cached.
const RATE_BY_KEY: Target = Target::RateAtLeast(920);
/// The most that the 99th percentile of latency may be of the other side's, in thousandths.
const P99: Target = Target::P99AtMost(2_000);

/// The figure that a comparison judges, and its limit.
#[derive(Clone, Copy)]
enum Target {
    RateAtLeast(u64),
    P99AtMost(u64),
}

struct EdgeComparison {
    title: String,
    /// The records of the judged side, and of the other one, without the number of the turn.
    sides: [String; 2],
    target: Target,
}

/// What is compared. Without a base, TLS is compared with the plain side of this build.
fn comparisons(records: &Records) -> Result<Vec<EdgeComparison>> {
    let has_base = !turns(records, "hello-base")?.is_empty();
    let of_tls = if has_base { "base" } else { "plain" };
    let rates = [
        ("hello", "plain", "base"),
        ("balances", "plain", "base"),
        ("transfers", "plain", "base"),
        ("transfers-of-one", "plain", "base"),
        ("hello", "tls", of_tls),
        ("balances", "tls", of_tls),
    ];
    let rates = rates.map(|(load, side, other)| EdgeComparison {
        title: format!("{load}: {side} beside {other}"),
        sides: [format!("{load}-{side}"), format!("{load}-{other}")],
        target: RATE,
    });
    let by_key = EdgeComparison {
        title: "balances: with an API key beside with tokens".to_owned(),
        sides: ["balances-by-key", "balances-by-token"].map(str::to_owned),
        target: RATE_BY_KEY,
    };
    let beside_logins = EdgeComparison {
        title: "p99 of transfers: with 16 logins a second beside alone".to_owned(),
        sides: ["transfers-beside-logins", "transfers-alone"].map(str::to_owned),
        target: P99,
    };
    Ok(rates.into_iter().chain([by_key, beside_logins]).collect())
}

pub fn run(records: &Records) -> Result<()> {
    let mut judge = Judge::default();
    for comparison in comparisons(records)? {
        comparison.judge(records, &mut judge)?;
    }
    for login in turns(records, "logins")? {
        if login.failed() > 0 {
            judge.say(false, format!("logins failed: {:?}", login.errors));
        }
    }
    judge.end()
}

impl EdgeComparison {
    /// Prints its line. Without records it has no target.
    fn judge(&self, records: &Records, judge: &mut Judge) -> Result<()> {
        let [one, other] = &self.sides;
        let (one, other) = (turns(records, one)?, turns(records, other)?);
        let figure = |load: &Load| self.target.of(load);
        let ratios = one.iter().zip(&other).filter_map(|(one, other)| {
            let permille = figure(one).saturating_mul(1_000);
            permille.checked_div(figure(other))
        });
        let ratios: Vec<u64> = ratios.collect();
        let Some(ratio) = median(ratios.clone()) else {
            println!("  -      {:<56} not measured", self.title);
            return Ok(());
        };
        let failed: u64 = one.iter().chain(&other).map(Load::failed).sum();
        let cpu = |load: &Load| load.cpu_microseconds_each().unwrap_or(0);
        let (is_met, least_or_most, limit, unit) = match self.target {
            Target::RateAtLeast(least) => (ratio >= least, "at least", least, "a second"),
            Target::P99AtMost(most) => (ratio <= most, "at most", most, "us"),
        };
        let (title, ratio, limit) = (&self.title, thousandths(ratio), thousandths(limit));
        let each: Vec<String> = ratios.into_iter().map(thousandths).collect();
        let each = each.join(" ");
        let [figure, figure_beside] = [&one, &other].map(|loads| median_of(loads, figure));
        let [cpu, cpu_beside] = [&one, &other].map(|loads| median_of(loads, cpu));
        let line = format!(
            "{title:<56} {ratio} ({least_or_most} {limit}; each turn: {each}), \
             {figure} beside {figure_beside} {unit}, cpu {cpu} beside {cpu_beside} us, \
             {failed} failed"
        );
        judge.say(is_met && failed == 0, line);
        Ok(())
    }
}

impl Target {
    fn of(self, load: &Load) -> u64 {
        match self {
            Self::RateAtLeast(_) => load.rate(),
            Self::P99AtMost(_) => load.latency.p99,
        }
    }
}

/// The records of a side, in the order of its turns.
fn turns(records: &Records, side: &str) -> Result<Vec<Load>> {
    let mut loads = Vec::new();
    while let Some(load) = records.read(&format!("{side}-{}", loads.len() + 1))? {
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
