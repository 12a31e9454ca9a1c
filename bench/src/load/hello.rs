//! Requests for `hello`.

use anyhow::Result;
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;

use super::server::Server;
use super::{Plan, RequestSource};
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

struct Hello {
    host: HeaderValue,
    path: Uri,
    body: Option<Bytes>,
}

impl HelloCommand {
    pub fn run(&self) -> Result<()> {
        let host = self.server.host()?;
        let source = || Hello {
            host: host.clone(),
            path: self.path.clone(),
            body: self.body.clone().map(Bytes::from),
        };
        let load = super::on_one_thread(super::run(&self.server, &self.plan, source))?;
        self.destination.keep(&load)
    }
}

impl RequestSource for Hello {
    const SUCCESS: StatusCode = StatusCode::OK;

    fn next(&mut self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::from(self.body.clone().unwrap_or_default()));
        if self.body.is_some() {
            *request.method_mut() = Method::POST;
        }
        *request.uri_mut() = self.path.clone();
        request.headers_mut().insert(HOST, self.host.clone());
        request
    }
}
