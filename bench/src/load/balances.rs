//! Reads of the balance of a random account, each by its owner, or all by a client with an API key.

use anyhow::Result;
use http::header::AUTHORIZATION;
use http::{StatusCode, Uri};
use rand::seq::IndexedRandom;

use super::BankLoad;
use crate::bank::{Bank, api_key};
use crate::record::read_json;

#[derive(Debug, clap::Args)]
pub struct BalancesCommand {
    #[command(flatten)]
    load: BankLoad,
    /// Read with an API key, which the first administrator makes
    #[arg(long, requires = "admin_password")]
    by_key: bool,
    /// The first administrator's password
    #[arg(long, env = "STRONGROOM_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,
}

impl BalancesCommand {
    pub fn run(&self) -> Result<()> {
        let BankLoad { server, plan, .. } = &self.load;
        let bank: Bank = read_json(&self.load.bank)?;
        let host = server.host()?;
        let load = super::on_one_thread(async {
            let mut accounts = bank.log_in(server).await?;
            if let (true, Some(admin_password)) = (self.by_key, &self.admin_password) {
                let key = api_key(server, admin_password).await?;
                for account in &mut accounts {
                    account.authorization = key.clone();
                }
            }
            let requests = accounts.into_iter().map(|account| {
                let path = Uri::try_from(format!("/api/accounts/{}/balance", account.id))?;
                Ok((path, account.authorization))
            });
            let requests = requests.collect::<Result<Vec<_>>>()?;
            let next = move || {
                let any = requests.choose(&mut rand::rng());
                let (path, authorization) = any.expect("the bank has accounts");
                let mut request = super::request(&host, path.clone(), None);
                let headers = request.headers_mut();
                headers.insert(AUTHORIZATION, authorization.clone());
                request
            };
            super::run(server, plan, StatusCode::OK, next).await
        })?;
        self.load.destination.keep(&load)
    }
}
