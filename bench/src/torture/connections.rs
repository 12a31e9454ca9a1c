//! A client that keeps no connection: it notices a listener that is gone for a moment.

use std::time::Duration;

use crate::load::client::Client;
use crate::load::server::Server;

/// The time between two connections.
const INTERVAL: Duration = Duration::from_millis(20);

/// The counts of its connections.
#[derive(Debug, Default)]
pub struct Connections {
    pub opened: u64,
    /// Refused, or without a response of 200.
    pub failed: u64,
}

/// Connects for each `GET /api/hello` until `is_over`.
pub async fn connect_until(address: &str, is_over: impl Fn() -> bool) -> Connections {
    let mut connections = Connections::default();
    let mut clock = tokio::time::interval(INTERVAL);
    while !is_over() {
        clock.tick().await;
        connections.opened = connections.opened.saturating_add(1);
        if let Err(error) = ask_once(address).await {
            eprintln!("a new connection failed: {error:#}");
            connections.failed = connections.failed.saturating_add(1);
        }
    }
    connections
}

async fn ask_once(address: &str) -> anyhow::Result<()> {
    let mut client = Client::connect(&Server::plain(address)).await?;
    let answer = client.get("/api/hello").await?;
    anyhow::ensure!(answer.status.is_success(), "{}", answer.status);
    Ok(())
}
