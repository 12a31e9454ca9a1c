//! Swaps components of a running host, one after the other, by saving its registry.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::load::client::Client;
use crate::load::on_one_thread;
use crate::load::server::Server;
use crate::record::{self, Destination, Latency};

/// The time between two questions whether the host has taken the registry.
const PAUSE: Duration = Duration::from_millis(10);
/// The time between two new connections.
const CONNECTION_INTERVAL: Duration = Duration::from_millis(20);
/// How long a swap may take: the components were compiled before.
const SWAP_TIME_MAX: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
pub struct SwapsCommand {
    /// The registry that the host watches
    #[arg(long, value_name = "FILE")]
    registry: PathBuf,
    /// The gateway's address
    #[arg(long, value_name = "HOST:PORT")]
    address: String,
    /// The file of the host's standard output, which names its admin listener
    #[arg(long, value_name = "FILE")]
    stdout: PathBuf,
    /// Two components of one service, as the registry writes them; the first one serves. Several
    /// pairs take turns
    #[arg(long = "pair", value_name = "FILE=FILE", required = true, value_parser = parse_pair)]
    pairs: Vec<(String, String)>,
    /// How many swaps
    #[arg(long, default_value_t = 1_000)]
    swaps: u64,
    /// The time over which they are spread, in seconds
    #[arg(long, default_value_t = 150)]
    seconds: u64,
    #[command(flatten)]
    destination: Destination,
}

fn parse_pair(text: &str) -> Result<(String, String)> {
    let (first, second) = text.split_once('=').context("write FILE=FILE")?;
    Ok((first.to_owned(), second.to_owned()))
}

/// The times of the swaps.
#[derive(Debug, Serialize, Deserialize)]
pub struct Swaps {
    pub swaps: u64,
    pub microseconds: u64,
    /// From the save until the host had taken it, including the quiet time of its watch.
    pub taken: Latency,
    pub load: Latency,
    pub warm: Latency,
    pub switch: Latency,
    pub drain: Latency,
    /// Old generations that still ran at the end.
    pub not_drained: u64,
    pub connections_opened: u64,
    pub connections_failed: u64,
}

impl SwapsCommand {
    pub fn run(&self) -> Result<()> {
        let swaps = on_one_thread(async {
            let is_over = Rc::new(Cell::new(false));
            let tasks = LocalSet::new();
            let watched = Rc::clone(&is_over);
            let address = self.address.clone();
            let connections =
                tasks.spawn_local(async move { connect_until(&address, || watched.get()).await });
            let swaps = tasks.run_until(self.swap_all()).await;
            is_over.set(true);
            let (connections_opened, connections_failed) = tasks.run_until(connections).await?;
            Ok(Swaps {
                connections_opened,
                connections_failed,
                ..swaps?
            })
        })?;
        self.destination.keep(&swaps)
    }

    async fn swap_all(&self) -> Result<Swaps> {
        let mut host = Host::find(&self.stdout).await?;
        let mut text = record::read_text(&self.registry)?;
        let mut pairs = self.pairs.clone();
        for pair in &mut pairs {
            // Swaps before these may have left either of the two.
            if text.contains(&in_quotes(&pair.1)) {
                std::mem::swap(&mut pair.0, &mut pair.1);
            }
        }
        let mut taken = record::histogram();
        let began = Instant::now();
        let interval = Duration::from_secs(self.seconds)
            .checked_div(u32::try_from(self.swaps)?)
            .context("at least one swap")?;
        let mut clock = tokio::time::interval(interval);
        let first = host.last_change().await?;
        let mut last = first;
        for turn in (0..pairs.len()).cycle().take(usize::try_from(self.swaps)?) {
            clock.tick().await;
            let pair = &mut pairs[turn];
            let new = text.replace(&in_quotes(&pair.0), &in_quotes(&pair.1));
            ensure!(new != text, "{} is not in the registry", pair.0);
            text = new;
            std::mem::swap(&mut pair.0, &mut pair.1);
            let saved = Instant::now();
            save(&self.registry, &text)?;
            last = host.wait_for_change(last).await?;
            taken.saturating_record(u64::try_from(saved.elapsed().as_micros())?);
        }
        let microseconds = u64::try_from(began.elapsed().as_micros())?;
        // The requests of the last generations end in a moment.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut changes = host.changes(self.swaps.min(2_000)).await?;
        changes.retain(|change| change["id"].as_u64().is_some_and(|id| id > first));
        let swaps = u64::try_from(changes.len())?;
        let drain = step(&changes, "drain");
        Ok(Swaps {
            swaps,
            microseconds,
            taken: Latency::from(&taken),
            load: Latency::from(&step(&changes, "load")),
            warm: Latency::from(&step(&changes, "warm")),
            switch: Latency::from(&step(&changes, "switch")),
            drain: Latency::from(&drain),
            not_drained: swaps.saturating_sub(drain.len()),
            connections_opened: 0,
            connections_failed: 0,
        })
    }
}

/// How long a step of these changes took.
fn step(changes: &[Value], name: &str) -> Histogram<u64> {
    let mut histogram = record::histogram();
    for change in changes {
        if let Some(microseconds) = change["steps_us"][name].as_u64() {
            histogram.saturating_record(microseconds);
        }
    }
    histogram
}

fn in_quotes(file: &str) -> String {
    format!("\"{file}\"")
}

/// Saves as careful editors do: whole, by a rename.
fn save(registry: &Path, text: &str) -> Result<()> {
    let new = registry.with_extension("toml.new");
    fs::write(&new, text)?;
    fs::rename(&new, registry)?;
    Ok(())
}

/// The admin listener of a host.
struct Host(Client);

impl Host {
    async fn find(stdout: &Path) -> Result<Self> {
        let text = record::read_text(stdout)?;
        let mut lines = text.lines();
        let admin = lines.find_map(|line| line.strip_prefix("admin listens on http://"));
        let admin = admin.context("the host does not say where its admin listener is")?;
        Ok(Self(Client::connect(&Server::plain(admin)).await?))
    }

    /// The latest changes, newest first.
    async fn changes(&mut self, limit: u64) -> Result<Vec<Value>> {
        let path = format!("/services/history?limit={limit}");
        let answer = self.0.get(&path).await?;
        ensure!(answer.status().is_success(), "history: {}", answer.status());
        let mut page: Value = serde_json::from_slice(answer.body())?;
        match page["changes"].take() {
            Value::Array(changes) => Ok(changes),
            other => bail!("history is {other}"),
        }
    }

    async fn last_change(&mut self) -> Result<u64> {
        let changes = self.changes(1).await?;
        let last = changes.first().and_then(|change| change["id"].as_u64());
        Ok(last.unwrap_or(0))
    }

    /// Waits for a change after `last`, and returns its number.
    async fn wait_for_change(&mut self, last: u64) -> Result<u64> {
        let deadline = Instant::now() + SWAP_TIME_MAX;
        loop {
            let changes = self.changes(1).await?;
            let change = changes.first().context("the start is a change")?;
            let id = change["id"].as_u64().context("a change has an id")?;
            if id > last {
                ensure!(change["outcome"] == "switched", "{change}");
                return Ok(id);
            }
            ensure!(Instant::now() < deadline, "a swap is not taken");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Connects for each `GET /api/hello` until `is_over`, which notices a listener that is gone for a
/// moment. Returns how many connections it opened, and how many were refused or had no success.
async fn connect_until(address: &str, is_over: impl Fn() -> bool) -> (u64, u64) {
    let (mut opened, mut failed) = (0_u64, 0_u64);
    let mut clock = tokio::time::interval(CONNECTION_INTERVAL);
    while !is_over() {
        clock.tick().await;
        opened = opened.saturating_add(1);
        if let Err(error) = ask_once(address).await {
            eprintln!("a new connection failed: {error:#}");
            failed = failed.saturating_add(1);
        }
    }
    (opened, failed)
}

async fn ask_once(address: &str) -> Result<()> {
    let mut client = Client::connect(&Server::plain(address)).await?;
    let answer = client.get("/api/hello").await?;
    ensure!(answer.status().is_success(), "{}", answer.status());
    Ok(())
}
