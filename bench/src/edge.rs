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

/// Without a base, TLS is compared with the plain side of this build.
pub fn run(records: &Records) -> Result<()> {
    let mut judge = Judge::default();
    let has_base = !turns(records, "hello-base")?.is_empty();
    let of_tls = if has_base { "base" } else { "plain" };
    for (load, side, other) in [
        ("hello", "plain", "base"),
        ("balances", "plain", "base"),
        ("transfers", "plain", "base"),
        ("transfers-of-one", "plain", "base"),
        ("hello", "tls", of_tls),
        ("balances", "tls", of_tls),
    ] {
        let title = format!("{load}: {side} beside {other}");
        let sides = [side, other].map(|side| format!("{load}-{side}"));
        compare(records, &title, sides, RATE, &mut judge)?;
    }
    let title = "balances: with an API key beside with tokens";
    let sides = ["balances-by-key", "balances-by-token"].map(str::to_owned);
    compare(records, title, sides, RATE_BY_KEY, &mut judge)?;
    let title = "p99 of transfers: with 16 logins a second beside alone";
    let sides = ["transfers-beside-logins", "transfers-alone"].map(str::to_owned);
    compare(records, title, sides, P99, &mut judge)?;
    for login in turns(records, "logins")? {
        if login.failed() > 0 {
            judge.say(false, format!("logins failed: {:?}", login.errors));
        }
    }
    judge.end()
}

/// Judges the first of two sides, whose records are named so without the number of the turn.
/// Without records there is no target.
fn compare(
    records: &Records,
    title: &str,
    sides: [String; 2],
    target: Target,
    judge: &mut Judge,
) -> Result<()> {
    let [one, other] = sides;
    let (one, other) = (turns(records, &one)?, turns(records, &other)?);
    let figure = |load: &Load| target.of(load);
    let ratios = one.iter().zip(&other).filter_map(|(one, other)| {
        let permille = figure(one).saturating_mul(1_000);
        permille.checked_div(figure(other))
    });
    let ratios: Vec<u64> = ratios.collect();
    let Some(ratio) = median(ratios.clone()) else {
        println!("  -      {title:<56} not measured");
        return Ok(());
    };
    let failed: u64 = one.iter().chain(&other).map(Load::failed).sum();
    let cpu = |load: &Load| load.cpu_microseconds_each().unwrap_or(0);
    let (is_met, least_or_most, limit, unit) = match target {
        Target::RateAtLeast(least) => (ratio >= least, "at least", least, "a second"),
        Target::P99AtMost(most) => (ratio <= most, "at most", most, "us"),
    };
    let [ratio, limit] = [ratio, limit].map(thousandths);
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
