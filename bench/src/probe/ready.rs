//! How long a host takes from its start until every service serves.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::load::client::Client;
use crate::load::on_one_thread;
use crate::load::server::Server;
use crate::record::{Destination, read_text};

/// The time between two looks: short beside a start.
const PAUSE: Duration = Duration::from_millis(1);
/// How long a start may take, which compiles the components the first time.
const START_TIME_MAX: Duration = Duration::from_secs(180);

#[derive(Debug, clap::Args)]
pub struct ReadyCommand {
    /// The file that the host's standard output goes to
    #[arg(long, value_name = "FILE")]
    stdout: PathBuf,
    /// When it was started, in microseconds since 1970
    #[arg(long, value_name = "MICROSECONDS")]
    started: u64,
    /// The process, to notice that it ended
    #[arg(long)]
    pid: u32,
    #[command(flatten)]
    destination: Destination,
}

impl ReadyCommand {
    pub fn run(&self) -> Result<()> {
        let gateway = on_one_thread(async {
            let waited = tokio::time::timeout(START_TIME_MAX, self.wait()).await;
            waited.context("the host did not become ready")?
        })?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let microseconds = u64::try_from(now.as_micros())?.saturating_sub(self.started);
        println!("{gateway}");
        self.destination.keep(&microseconds)
    }

    /// Waits, and returns the gateway's `HOST:PORT`.
    async fn wait(&self) -> Result<String> {
        let (gateway, admin) = loop {
            if let Some(addresses) = announced(&self.stdout)? {
                break addresses;
            }
            if !Path::new(&format!("/proc/{}", self.pid)).exists() {
                bail!("the host has ended");
            }
            tokio::time::sleep(PAUSE).await;
        };
        let mut client = Client::connect(&Server::plain(&admin)).await?;
        loop {
            let answer = client.get("/readyz").await?;
            if answer.status().is_success() {
                return Ok(gateway);
            }
            if answer.status().is_client_error() {
                bail!("/readyz: {}", answer.status());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The addresses of the gateway and the admin listener, once the host has printed both.
fn announced(stdout: &Path) -> Result<Option<(String, String)>> {
    let text = read_text(stdout)?;
    // The host may not have written the last line to its end.
    let (whole, _) = text.rsplit_once('\n').unwrap_or_default();
    let after = |prefix| {
        let mut urls = whole.lines().filter_map(|line| line.strip_prefix(prefix));
        let (_, address) = urls.next()?.split_once("://")?;
        Some(address.to_owned())
    };
    Ok(after("strongroom listens on ").zip(after("admin listens on ")))
}
