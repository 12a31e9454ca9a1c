//! Logins of random customers, each with the right password.

use std::path::PathBuf;

use anyhow::Result;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use rand::seq::IndexedRandom;

use super::Plan;
use super::server::Server;
use crate::bank::Bank;
use crate::record::Destination;

#[derive(Debug, clap::Args)]
pub struct LoginsCommand {
    #[command(flatten)]
    server: Server,
    /// The file that `seed` wrote
    #[arg(long, value_name = "FILE")]
    bank: PathBuf,
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    destination: Destination,
}

impl LoginsCommand {
    pub fn run(&self) -> Result<()> {
        let bodies = Bank::read(&self.bank)?.logins();
        let host = self.server.host()?;
        let next = move || {
            let body = bodies.choose(&mut rand::rng());
            let mut request = Request::new(Full::from(body.cloned().unwrap_or_default()));
            *request.method_mut() = Method::POST;
            *request.uri_mut() = Uri::from_static("/api/auth/login");
            let headers = request.headers_mut();
            headers.insert(HOST, host.clone());
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            request
        };
        let load = super::run(&self.server, &self.plan, StatusCode::OK, next);
        self.destination.keep(&super::on_one_thread(load)?)
    }
}
