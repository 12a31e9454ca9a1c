//! Logins of random customers, each with the right password.

use anyhow::Result;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode, Uri};
use rand::seq::IndexedRandom;

use super::BankLoad;
use crate::bank::Bank;
use crate::record::read_json;

#[derive(Debug, clap::Args)]
pub struct LoginsCommand {
    #[command(flatten)]
    load: BankLoad,
}

impl LoginsCommand {
    pub fn run(&self) -> Result<()> {
        let BankLoad { server, plan, .. } = &self.load;
        let bodies = read_json::<Bank>(&self.load.bank)?.logins();
        let host = server.host()?;
        let json = HeaderValue::from_static("application/json");
        let next = move || {
            let path = Uri::from_static("/api/auth/login");
            let body = bodies.choose(&mut rand::rng());
            let mut request = super::request(&host, path, body.cloned());
            request.headers_mut().insert(CONTENT_TYPE, json.clone());
            request
        };
        let load = super::run(server, plan, StatusCode::OK, next);
        self.load.destination.keep(&super::on_one_thread(load)?)
    }
}
