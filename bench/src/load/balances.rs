//! Reads of the balance of a random account, each by its owner, or all by a client with an API key.

use std::path::PathBuf;

use anyhow::Result;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;
use rand::seq::IndexedRandom;

use super::Plan;
use super::server::Server;
use crate::bank::{Bank, api_key};
use crate::record::Destination;

#[derive(Debug, clap::Args)]
pub struct BalancesCommand {
    #[command(flatten)]
    server: Server,
    /// The file that `seed` wrote
    #[arg(long, value_name = "FILE")]
    bank: PathBuf,
    /// Read with an API key, which the first administrator makes
    #[arg(long, requires = "admin_password")]
    by_key: bool,
    /// The first administrator's password
    #[arg(long, env = "STRONGROOM_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    destination: Destination,
}

struct BalanceRequest {
    path: Uri,
    authorization: HeaderValue,
}

impl BalancesCommand {
    pub fn run(&self) -> Result<()> {
        let bank = Bank::read(&self.bank)?;
        let host = self.server.host()?;
        let load = super::on_one_thread(async {
            let mut accounts = bank.log_in(&self.server).await?;
            if let (true, Some(admin_password)) = (self.by_key, &self.admin_password) {
                let key = api_key::create(&self.server, admin_password).await?;
                for account in &mut accounts {
                    account.authorization = key.clone();
                }
            }
            let requests = accounts.into_iter().map(|account| {
                Ok(BalanceRequest {
                    path: Uri::try_from(format!("/api/accounts/{}/balance", account.id))?,
                    authorization: account.authorization,
                })
            });
            let requests: Vec<BalanceRequest> = requests.collect::<Result<_>>()?;
            let next = move || {
                let mut request = Request::new(Full::default());
                if let Some(of_account) = requests.choose(&mut rand::rng()) {
                    *request.uri_mut() = of_account.path.clone();
                    let headers = request.headers_mut();
                    headers.insert(HOST, host.clone());
                    headers.insert(AUTHORIZATION, of_account.authorization.clone());
                }
                request
            };
            super::run(&self.server, &self.plan, StatusCode::OK, next).await
        })?;
        self.destination.keep(&load)
    }
}
