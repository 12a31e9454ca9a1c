//! Transfers of a cent between two random accounts, each by the owner of the source and under an idempotency key of its own.

use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Result, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use rand::seq::IndexedRandom;
use uuid::Uuid;

use super::{Plan, RequestSource};
use crate::bank::{Bank, OwnedAccount};
use crate::record::Destination;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The gateway
    #[arg(long, value_name = "HOST:PORT")]
    address: String,
    /// The file that `seed` wrote
    #[arg(long, value_name = "FILE")]
    bank: PathBuf,
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    destination: Destination,
}

struct Transfers {
    host: HeaderValue,
    accounts: Rc<[OwnedAccount]>,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let bank = Bank::read(&self.bank)?;
        let host = HeaderValue::from_str(&self.address)?;
        let load = super::on_one_thread(async {
            let accounts: Rc<[OwnedAccount]> = bank.log_in(&self.address).await?.into();
            ensure!(accounts.len() > 1, "a transfer needs two accounts");
            let source = || Transfers {
                host: host.clone(),
                accounts: Rc::clone(&accounts),
            };
            super::run(&self.address, &self.plan, source).await
        })?;
        self.destination.keep(&load)
    }
}

impl RequestSource for Transfers {
    const SUCCESS: StatusCode = StatusCode::CREATED;

    fn next(&mut self) -> Request<Full<Bytes>> {
        let mut random = rand::rng();
        let [from, to] = loop {
            if let (Some(from), Some(to)) = (
                self.accounts.choose(&mut random),
                self.accounts.choose(&mut random),
            ) && from.id != to.id
            {
                break [from, to];
            }
        };
        let body = format!(
            r#"{{"from_account_id":"{}","to_account_id":"{}","amount":"0.01","currency":"EUR"}}"#,
            from.id, to.id
        );
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("/api/transactions/transfer");
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(AUTHORIZATION, from.authorization.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(IDEMPOTENCY_KEY, new_key());
        request
    }
}

/// A key that nobody has used.
fn new_key() -> HeaderValue {
    let key = Uuid::new_v4().to_string();
    HeaderValue::try_from(key).expect("a UUID is visible ASCII")
}
