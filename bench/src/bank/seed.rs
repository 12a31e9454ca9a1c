//! Opens the bank for business: customers, their accounts, and a deposit in each.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use super::caller::{Caller, text};
use super::{ADMIN_EMAIL, Bank, Customer, PASSWORD};
use crate::load::on_one_thread;
use crate::load::server::Server;
use crate::record::write_json;

/// The deposit in each account. The transfers of a run move a cent each, so no account runs out.
const DEPOSIT_EUR: &str = "1000000.00";
const CUSTOMERS: u64 = 50;

#[derive(Debug, clap::Args)]
pub struct SeedCommand {
    #[command(flatten)]
    server: Server,
    /// The first administrator's password
    #[arg(long, env = "STRONGROOM_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: String,
    /// How many accounts each customer opens
    #[arg(long, default_value_t = 20)]
    accounts: u64,
    /// The file to write the customers and accounts to
    #[arg(long, value_name = "FILE")]
    bank: PathBuf,
}

impl SeedCommand {
    pub fn run(&self) -> Result<()> {
        write_json(&self.bank, &on_one_thread(self.open_bank())?)
    }

    async fn open_bank(&self) -> Result<Bank> {
        let mut teller = Caller::log_in(&self.server, ADMIN_EMAIL, &self.admin_password).await?;
        let mut customers = Vec::new();
        for number in 0..CUSTOMERS {
            let email = format!("customer-{number}@bench.example");
            let mut customer = register(&self.server, &email).await?;
            let mut accounts = Vec::new();
            for _ in 0..self.accounts {
                accounts.push(open_account(&mut customer, &mut teller).await?);
            }
            let id = customer.user_id;
            customers.push(Customer {
                id,
                email,
                accounts,
            });
        }
        Ok(Bank { customers })
    }
}

async fn register(server: &Server, email: &str) -> Result<Caller> {
    let registration = json!({"email": email, "password": PASSWORD});
    let mut visitor = Caller::connect(server).await?;
    visitor.post("/api/auth/register", &registration).await?;
    Caller::log_in(server, email, PASSWORD).await
}

/// Opens an account for a customer, pays a deposit into it, and returns its id.
async fn open_account(customer: &mut Caller, teller: &mut Caller) -> Result<String> {
    let account = json!({"type": "checking", "currency": "EUR"});
    let account = customer.post("/api/accounts", &account).await?;
    let id = text(&account["id"])?;
    let deposit = json!({"account_id": id, "amount": DEPOSIT_EUR, "currency": "EUR"});
    teller.post("/api/transactions/deposit", &deposit).await?;
    Ok(id.to_owned())
}
