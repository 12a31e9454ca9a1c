//! The table: each figure beside its comparison, and whether it meets the target.

use std::fmt::Write as _;

use anyhow::Result;

use crate::record::{Latency, Load, Records};

/// A megabyte in decimal units.
const BYTES_PER_MB: u64 = 1_000_000;

/// A load run, and the run that it is compared with.
struct Comparison {
    title: &'static str,
    record: &'static str,
    /// The record of the other run, and the least share of its rate, in thousandths.
    against: Option<(&'static str, Option<u64>)>,
    /// The least rate, a second.
    at_least: Option<u64>,
}

impl Comparison {
    const fn of(title: &'static str, record: &'static str) -> Self {
        Self {
            title,
            record,
            against: None,
            at_least: None,
        }
    }

    /// Compares with another run, of whose rate it must reach these thousandths, if any.
    const fn against(self, record: &'static str, permille: Option<u64>) -> Self {
        Self {
            against: Some((record, permille)),
            ..self
        }
    }
}

/// In the order of the table.
const COMPARISONS: [Comparison; 12] = [
    Comparison::of("hello: native hyper", "native"),
    Comparison::of("hello: component behind the gateway", "hello").against("native", Some(400)),
    Comparison::of("double entry: PostgreSQL, pgbench", "pgbench"),
    Comparison::of("POST /api/transactions/transfer", "transfers").against("pgbench", Some(700)),
    Comparison::of("all to one account", "transfers-hot").against("transfers", Some(900)),
    Comparison {
        at_least: Some(15_000),
        ..Comparison::of("POST .../batch of 100, transfers", "batches").against("transfers", None)
    },
    Comparison::of("GET /api/accounts/{id}/balance", "balances").against("pgbench", Some(3000)),
    Comparison::of("the same with an API key", "balances-key").against("balances", Some(920)),
    Comparison::of("large bank: POST .../transfer", "transfers-large")
        .against("transfers", Some(800)),
    Comparison::of("large bank: GET .../balance", "balances-large").against("balances", Some(800)),
    Comparison::of("one client: PostgreSQL, pgbench", "pgbench-1"),
    Comparison::of("one client: POST .../transfer", "transfers-1").against("pgbench-1", None),
];

/// The upper bounds of the memory, in bytes, and of a second start, in microseconds.
const MEMORY_BELOW: u64 = 150 * BYTES_PER_MB;
const READY_BELOW: u64 = 1_000_000;

const HEAD: [&str; 9] = [
    "", "clients", "rate / s", "p50 ms", "p99 ms", "max ms", "cpu us", "errors", "ratio",
];

pub fn run(records: &Records) -> Result<()> {
    row(HEAD.map(str::to_owned), "target");
    for comparison in &COMPARISONS {
        compare(records, comparison)?;
    }
    println!();
    let title = "resident memory, idle after a few requests";
    check(records, title, "memory", Some(MEMORY_BELOW), megabytes)?;
    let title = "resident memory, idle after the runs above";
    check(records, title, "memory-after-load", None, megabytes)?;
    let title = "second start to ready";
    check(records, title, "ready", Some(READY_BELOW), milliseconds)?;
    let title = "first start to ready (compiles the components)";
    check(records, title, "ready-first", None, milliseconds)?;
    if let Some(disk) = records.read::<Latency>("disk")? {
        let [p50, p99, max] = [disk.p50, disk.p99, disk.max].map(thousandths);
        let title = "fdatasync of a 4 KiB append";
        println!("{title:<48} p50 {p50} ms, p99 {p99} ms, max {max} ms");
    }
    Ok(())
}

fn compare(records: &Records, comparison: &Comparison) -> Result<()> {
    let title = comparison.title.to_owned();
    let Some(load) = records.read::<Load>(comparison.record)? else {
        println!("{title:<36}  not measured");
        return Ok(());
    };
    let (ratio, mut verdict) = match comparison.against {
        None => (String::new(), String::new()),
        Some((other, target)) => {
            let other = records.read::<Load>(other)?;
            let permille = other.and_then(|other| ratio_permille(load.rate(), other.rate()));
            judge_ratio(permille, target)
        }
    };
    if let Some(least) = comparison.at_least {
        let reached = met(load.rate() >= least);
        write!(verdict, " >= {least}/s: {reached}")?;
    }
    if load.failed() > 0 {
        verdict.push_str(" HAS ERRORS:");
        for (error, count) in &load.errors {
            write!(verdict, " {count} x {error};")?;
        }
    }
    let cpu = load.cpu_microseconds_each();
    let cells = [
        title,
        load.clients.to_string(),
        load.rate().to_string(),
        thousandths(load.latency.p50),
        thousandths(load.latency.p99),
        thousandths(load.latency.max),
        cpu.map_or(String::new(), |each| each.to_string()),
        load.failed().to_string(),
        ratio,
    ];
    row(cells, &verdict);
    Ok(())
}

/// Prints a figure, and whether it is below its bound, if it has one.
fn check(
    records: &Records,
    title: &str,
    record: &str,
    below: Option<u64>,
    show: fn(u64) -> String,
) -> Result<()> {
    let (mut shown, mut verdict) = ("not measured".to_owned(), String::new());
    if let Some(value) = records.read::<u64>(record)? {
        shown = show(value);
        if let Some(below) = below {
            verdict = format!("< {}: {}", show(below), met(value < below));
        }
    }
    println!("{title:<48} {shown:>12}  {verdict}");
    Ok(())
}

fn row(cells: [String; 9], verdict: &str) {
    let [title, clients, rate, p50, p99, max, cpu, errors, ratio] = cells;
    let line = format!(
        "{title:<36} {clients:>7} {rate:>10} {p50:>8} {p99:>8} {max:>8} {cpu:>6} {errors:>6} {ratio:>6}  {verdict}"
    );
    println!("{}", line.trim_end());
}

/// A rate divided by another one, in thousandths; none if that is zero.
fn ratio_permille(rate: u64, other: u64) -> Option<u64> {
    rate.saturating_mul(1000).checked_div(other)
}

/// The texts of a ratio and of its verdict.
fn judge_ratio(permille: Option<u64>, target: Option<u64>) -> (String, String) {
    let Some(permille) = permille else {
        return ("-".to_owned(), "nothing to compare with".to_owned());
    };
    let verdict = target.map(|target| {
        let reached = met(permille >= target);
        format!(">= {}: {reached}", thousandths(target))
    });
    (thousandths(permille), verdict.unwrap_or_default())
}

fn met(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// A number of thousandths with three decimals, such as microseconds in milliseconds.
pub fn thousandths(number: u64) -> String {
    format!("{}.{:03}", number / 1000, number % 1000)
}

fn milliseconds(microseconds: u64) -> String {
    format!("{} ms", microseconds / 1000)
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes / (BYTES_PER_MB / 10);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
