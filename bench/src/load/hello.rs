//! Requests for `hello`.

use anyhow::Result;
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;

use super::{Plan, RequestSource};
use crate::record::Destination;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The server
    #[arg(long, value_name = "HOST:PORT")]
    address: String,
    /// What to ask for
    #[arg(long, default_value = "/api/hello")]
    path: Uri,
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    destination: Destination,
}

struct Hello {
    host: HeaderValue,
    path: Uri,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let host = HeaderValue::from_str(&self.address)?;
        let source = || Hello {
            host: host.clone(),
            path: self.path.clone(),
        };
        let load = super::on_one_thread(super::run(&self.address, &self.plan, source))?;
        self.destination.keep(&load)
    }
}

impl RequestSource for Hello {
    const SUCCESS: StatusCode = StatusCode::OK;

    fn next(&mut self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = self.path.clone();
        request.headers_mut().insert(HOST, self.host.clone());
        request
    }
}
