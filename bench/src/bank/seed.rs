//! Opens the bank for business: customers, their accounts, and a deposit in each.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;
use tokio::task::JoinSet;

use super::caller::{Caller, text};
use super::{ADMIN_EMAIL, Bank, Customer, PASSWORD};
use crate::load::on_one_thread;
use crate::load::server::Server;

/// The deposit in each account. The transfers of a run move a cent each, so no account runs out.
const DEPOSIT_EUR: &str = "1000000.00";

#[derive(Debug, clap::Args)]
pub struct SeedCommand {
    #[command(flatten)]
    server: Server,
    /// The first administrator's password
    #[arg(long, env = "STRONGROOM_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: String,
    /// How many customers to register
    #[arg(long, default_value_t = 50)]
    customers: u64,
    /// How many accounts each of them opens
    #[arg(long, default_value_t = 20)]
    accounts: u64,
    /// The file to write the customers and accounts to
    #[arg(long, value_name = "FILE")]
    bank: PathBuf,
}

impl SeedCommand {
    pub fn run(&self) -> Result<()> {
        on_one_thread(self.open_bank())?.write(&self.bank)
    }

    async fn open_bank(&self) -> Result<Bank> {
        let administrator = Caller::log_in(&self.server, ADMIN_EMAIL, &self.admin_password).await?;
        let mut arrivals = JoinSet::new();
        for number in 0..self.customers {
            // One after another: the bank checks few passwords at once, and refuses more.
            let email = format!("customer-{number}@bench.example");
            let customer = register(&self.server, &email).await?;
            let mut teller = Caller::connect(&self.server).await?;
            teller.authorization = administrator.authorization.clone();
            let accounts = self.accounts;
            arrivals.spawn(async move {
                let id = customer.user_id.clone();
                let accounts = open_accounts(customer, teller, accounts).await?;
                Ok(Customer {
                    id,
                    email,
                    accounts,
                })
            });
        }
        let customers = arrivals.join_all().await;
        Ok(Bank {
            customers: customers.into_iter().collect::<Result<_>>()?,
        })
    }
}

async fn register(server: &Server, email: &str) -> Result<Caller> {
    let registration = json!({"email": email, "password": PASSWORD});
    let mut visitor = Caller::connect(server).await?;
    visitor.post("/api/auth/register", &registration).await?;
    Caller::log_in(server, email, PASSWORD).await
}

/// Opens accounts for a customer, pays a deposit into each, and returns their ids.
async fn open_accounts(
    mut customer: Caller,
    mut teller: Caller,
    count: u64,
) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let account = json!({"type": "checking", "currency": "EUR"});
        let account = customer.post("/api/accounts", &account).await?;
        let id = text(&account["id"])?;
        let deposit = json!({"account_id": id, "amount": DEPOSIT_EUR, "currency": "EUR"});
        teller.post("/api/transactions/deposit", &deposit).await?;
        ids.push(id.to_owned());
    }
    Ok(ids)
}
