//! Transfers of a cent between two random accounts, one by one or in batches. The owner of the
//! source makes each, with an idempotency key of its own.

use anyhow::{Result, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;
use rand::seq::IndexedRandom;
use uuid::Uuid;

use super::BankLoad;
use crate::bank::{Bank, OwnedAccount};
use crate::record::{Load, read_json};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

#[derive(Debug, clap::Args)]
pub struct TransfersCommand {
    #[command(flatten)]
    load: BankLoad,
    /// Transfers in each request; more than one make an atomic batch
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    batch: u64,
    /// All transfers go to the same account
    #[arg(long)]
    to_one: bool,
}

struct Transfers {
    host: HeaderValue,
    accounts: Vec<OwnedAccount>,
    batch: u64,
    to_one: bool,
}

impl TransfersCommand {
    pub fn run(&self) -> Result<()> {
        let BankLoad { server, plan, .. } = &self.load;
        let bank: Bank = read_json(&self.load.bank)?;
        let host = server.host()?;
        let load = super::on_one_thread(async {
            let accounts = bank.log_in(server).await?;
            ensure!(accounts.len() > 1, "a transfer needs two accounts");
            let transfers = Transfers {
                host,
                accounts,
                batch: self.batch,
                to_one: self.to_one,
            };
            let next = move || transfers.next();
            super::run(server, plan, StatusCode::CREATED, next).await
        })?;
        self.load.destination.keep(&Load {
            operations_per_request: self.batch,
            ..load
        })
    }
}

impl Transfers {
    fn next(&self) -> Request<Full<Bytes>> {
        let payee = self.payee();
        let from = self.other_than(payee);
        let line = |_| line(from, payee.unwrap_or_else(|| self.other_than(Some(from))));
        let lines: Vec<String> = (0..self.batch).map(line).collect();
        let (path, body) = match &lines[..] {
            [line] => ("/api/transactions/transfer", line.clone()),
            lines => {
                let body = format!(r#"{{"atomic":true,"transfers":[{}]}}"#, lines.join(","));
                ("/api/transactions/batch", body)
            }
        };
        let path = Uri::from_static(path);
        let mut request = super::request(&self.host, path, Some(Bytes::from(body)));
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, from.authorization.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(IDEMPOTENCY_KEY, new_key());
        request
    }

    /// The account that all pay, if there is one.
    fn payee(&self) -> Option<&OwnedAccount> {
        self.accounts.first().filter(|_| self.to_one)
    }

    fn other_than(&self, account: Option<&OwnedAccount>) -> &OwnedAccount {
        loop {
            let any = self.accounts.choose(&mut rand::rng());
            let any = any.expect("the bank has accounts");
            if account.is_none_or(|account| account.id != any.id) {
                return any;
            }
        }
    }
}

fn line(from: &OwnedAccount, to: &OwnedAccount) -> String {
    format!(
        r#"{{"from_account_id":"{}","to_account_id":"{}","amount":"0.01","currency":"EUR"}}"#,
        from.id, to.id
    )
}

/// A key that no other request has.
fn new_key() -> HeaderValue {
    let key = Uuid::new_v4().to_string();
    HeaderValue::try_from(key).expect("a UUID is visible ASCII")
}
