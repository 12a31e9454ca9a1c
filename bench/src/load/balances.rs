//! Questions for the balance of a random account, each by its owner.

use std::path::PathBuf;
use std::rc::Rc;

use anyhow::Result;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;
use rand::seq::IndexedRandom;

use super::server::Server;
use super::{Plan, RequestSource};
use crate::bank::Bank;
use crate::record::Destination;

#[derive(Debug, clap::Args)]
pub struct Arguments {
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

struct Balances {
    host: HeaderValue,
    questions: Rc<[Question]>,
}

struct Question {
    path: Uri,
    authorization: HeaderValue,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let bank = Bank::read(&self.bank)?;
        let host = self.server.host()?;
        let load = super::on_one_thread(async {
            let accounts = bank.log_in(&self.server).await?;
            let questions = accounts.into_iter().map(|account| {
                Ok(Question {
                    path: Uri::try_from(format!("/api/accounts/{}/balance", account.id))?,
                    authorization: account.authorization,
                })
            });
            let questions: Rc<[Question]> = questions.collect::<Result<_>>()?;
            let source = || Balances {
                host: host.clone(),
                questions: Rc::clone(&questions),
            };
            super::run(&self.server, &self.plan, source).await
        })?;
        self.destination.keep(&load)
    }
}

impl RequestSource for Balances {
    const SUCCESS: StatusCode = StatusCode::OK;

    fn next(&mut self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::default());
        if let Some(question) = self.questions.choose(&mut rand::rng()) {
            *request.uri_mut() = question.path.clone();
            let headers = request.headers_mut();
            headers.insert(HOST, self.host.clone());
            headers.insert(AUTHORIZATION, question.authorization.clone());
        }
        request
    }
}
