//! A client that never keeps a connection: it sees a listener that is gone even for a moment.

use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request};
use http_body_util::Full;

use crate::load::client::Client;
use crate::load::server::Server;

/// How often it connects.
const INTERVAL: Duration = Duration::from_millis(20);

/// What became of its connections.
#[derive(Debug, Default)]
pub struct Connections {
    pub opened: u64,
    /// Refused, or closed without an answer of 200.
    pub failed: u64,
}

/// Connects for one `GET /api/hello` after the other until `is_over`.
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
    let mut request = Request::get("/api/hello").body(Full::<Bytes>::default())?;
    request
        .headers_mut()
        .insert(HOST, HeaderValue::from_str(address)?);
    let answer = client.ask(request).await?;
    anyhow::ensure!(answer.status.is_success(), "{}", answer.status);
    Ok(())
}
