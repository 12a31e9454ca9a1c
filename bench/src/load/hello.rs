//! Requests for `hello`.

use anyhow::Result;
use bytes::Bytes;
use http::{StatusCode, Uri};

use super::Plan;
use super::server::Server;
use crate::record::Destination;

#[derive(Debug, clap::Args)]
pub struct HelloCommand {
    #[command(flatten)]
    server: Server,
    /// The path of the requests
    #[arg(long, default_value = "/api/hello")]
    path: Uri,
    /// A body: the requests are `POST` then
    #[arg(long)]
    body: Option<String>,
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    destination: Destination,
}

impl HelloCommand {
    pub fn run(&self) -> Result<()> {
        let host = self.server.host()?;
        let path = self.path.clone();
        let body = self.body.clone().map(Bytes::from);
        let next = move || super::request(&host, path.clone(), body.clone());
        let load = super::run(&self.server, &self.plan, StatusCode::OK, next);
        self.destination.keep(&super::on_one_thread(load)?)
    }
}
