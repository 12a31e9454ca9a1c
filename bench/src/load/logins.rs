//! Logins of random customers, each with the right password.

use std::path::PathBuf;
use std::rc::Rc;

use anyhow::Result;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use rand::seq::IndexedRandom;

use super::server::Server;
use super::{Plan, RequestSource};
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

struct Logins {
    host: HeaderValue,
    bodies: Rc<[Bytes]>,
}

impl LoginsCommand {
    pub fn run(&self) -> Result<()> {
        let bodies: Rc<[Bytes]> = Bank::read(&self.bank)?.logins().into();
        let host = self.server.host()?;
        let source = || Logins {
            host: host.clone(),
            bodies: Rc::clone(&bodies),
        };
        let load = super::on_one_thread(super::run(&self.server, &self.plan, source))?;
        self.destination.keep(&load)
    }
}

impl RequestSource for Logins {
    const SUCCESS: StatusCode = StatusCode::OK;

    fn next(&mut self) -> Request<Full<Bytes>> {
        let body = self.bodies.choose(&mut rand::rng());
        let mut request = Request::new(Full::from(body.cloned().unwrap_or_default()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("/api/auth/login");
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request
    }
}
