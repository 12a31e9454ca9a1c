//! A large bank, without the days that its customers would take to make it one.
//!
//! The accounts and transfers are the ledger's own work, by its own code on its own file, while no host has it open: every row, sum, and
//! hash is as if it had come over HTTP.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use strongroom_account::account::{AccountType, Actor, NumberFormat, OpenRequest, OpenRules, open};
use strongroom_account::ledger::{
    AccountRef, BATCH_TRANSFERS_MAX, DebitAuthority, Kind, Transfer, post, post_batch,
};
use strongroom_sdk::clock::{Clock, SystemClock};
use strongroom_sdk::money::Currency;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::SqliteStore;
use uuid::Uuid;

use super::Bank;
use super::bulk::BulkStore;

/// How many accounts those have who never log in. One account in so many is a customer's who does: they lie all over the store. (To open
/// one takes as long as its owner has accounts, so nobody has very many.)
const ACCOUNTS_OF_OWNER: usize = 100;
/// The id of the first of those who never log in; the others follow.
const FIRST_OWNER: u128 = 1 << 64;
/// In each account, in cents.
const DEPOSIT_CENTS: i64 = 100_000_000;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The ledger's file, such as `data/stores/accounts.sqlite`
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// The file that `seed` wrote; the new accounts of its customers are added to it
    #[arg(long, value_name = "FILE")]
    bank: PathBuf,
    /// How many accounts to open
    #[arg(long)]
    accounts: usize,
    /// How many entries to write: two for each deposit and transfer
    #[arg(long)]
    entries: usize,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        ensure!(self.store.is_file(), "{} is no file", self.store.display());
        let mut bank = Bank::read(&self.bank)?;
        let store = SqliteStore::open_without_sync(&self.store)
            .with_context(|| format!("{}", self.store.display()))?;
        let store = BulkStore::new(store);
        // The same bank each time.
        let mut random = StdRng::seed_from_u64(1);
        let customers = bank.customers.len();
        let mut accounts = Vec::with_capacity(self.accounts);
        for number in 0..self.accounts {
            let owner = number / ACCOUNTS_OF_OWNER;
            let customer =
                (number % ACCOUNTS_OF_OWNER == 0).then(|| &mut bank.customers[owner % customers]);
            let owner_id = match &customer {
                Some(customer) => Uuid::parse_str(&customer.id)?,
                None => Uuid::from_u128(FIRST_OWNER + owner as u128),
            };
            let id = open_account(&store, owner_id)?;
            let deposit = transfer(&mut random, Kind::Deposit, None, id, DEPOSIT_CENTS);
            post(&store, &SystemClock, &deposit)?;
            if let Some(customer) = customer {
                customer.accounts.push(id.to_string());
            }
            accounts.push(id);
        }
        let transfers = (self.entries / 2).saturating_sub(self.accounts);
        let mut left = transfers;
        while left > 0 {
            let size = left.min(BATCH_TRANSFERS_MAX);
            let batch: Vec<Transfer> = (0..size)
                .map(|_| {
                    let from = random.random_range(0..accounts.len());
                    let to = (from + random.random_range(1..accounts.len())) % accounts.len();
                    transfer(
                        &mut random,
                        Kind::Transfer,
                        Some(accounts[from]),
                        accounts[to],
                        1,
                    )
                })
                .collect();
            for outcome in post_batch(&store, &SystemClock, &batch, false)? {
                outcome?;
            }
            left -= size;
        }
        store.finish()?;
        println!(
            "{} accounts, {} deposits and transfers",
            self.accounts,
            self.accounts + transfers
        );
        bank.write(&self.bank)
    }
}

fn open_account(store: &BulkStore, owner_id: Uuid) -> Result<Uuid> {
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000")?,
        accounts_per_user_max: u32::MAX,
    };
    let request = OpenRequest {
        owner_id,
        account_type: AccountType::Checking,
        currency: Currency::from_code("EUR")?,
        name: None,
    };
    let actor = Actor {
        id: owner_id,
        role: "customer".to_owned(),
        request_id: "bench".to_owned(),
    };
    Ok(open(
        store,
        (&SystemClock, &SystemRandom),
        &rules,
        request,
        &actor,
    )?
    .id)
}

fn transfer(
    random: &mut StdRng,
    kind: Kind,
    source: Option<Uuid>,
    destination: Uuid,
    amount_minor: i64,
) -> Transfer {
    Transfer {
        // Spread like the hashes that real ids are.
        id: Uuid::from_u128(random.random()),
        fingerprint: random.random(),
        kind,
        authority: DebitAuthority::Bank,
        initiator: Uuid::from_u128(1),
        source,
        destination: Some(AccountRef::Id(destination)),
        subject: None,
        amount_minor,
        currency: "EUR".to_owned(),
        timeout_seconds: None,
        reference: None,
        metadata: None,
        requested_at_ms: SystemClock.now_ms(),
    }
}
