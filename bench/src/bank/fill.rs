//! Makes a bank large, in minutes instead of days.
//!
//! The ledger's own code writes the accounts and transfers to its file while no host has it open:
//! every row, sum, and hash is the same as over HTTP.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use strongroom_account::account::{AccountType, NumberFormat, OpenRequest, OpenRules, open};
use strongroom_account::ledger::{post, post_batch};
use strongroom_ledger_api::{
    AccountRef, Actor as Asker, BATCH_LINES_MAX, Batch, BatchInstruction, BatchLine,
    DebitAuthority, Instruction, Kind, LineOutcome, Transfer,
};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::{Clock, SystemClock};
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::SqliteStore;
use uuid::Uuid;

use super::Bank;
use super::bulk::BulkStore;

/// How many accounts each owner has who never logs in. A customer who does owns one account in this
/// many: their accounts are all over the store. (The time to open an account grows with the number
/// of its owner's accounts.)
const ACCOUNTS_OF_OWNER: usize = 100;
/// The id of the first owner who never logs in; the others follow.
const FIRST_OWNER: u128 = 1 << 64;
/// The first deposit of each account, in cents.
const DEPOSIT_CENTS: i64 = 100_000_000;
/// The user of all requests.
const ASKER: Asker = Asker::user(Uuid::from_u128(1));

#[derive(Debug, clap::Args)]
pub struct FillCommand {
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

impl FillCommand {
    pub fn run(&self) -> Result<()> {
        ensure!(self.store.is_file(), "{} is no file", self.store.display());
        let mut bank = Bank::read(&self.bank)?;
        let store = SqliteStore::open_without_sync(&self.store)
            .with_context(|| format!("{}", self.store.display()))?;
        let store = BulkStore::new(store);
        // A fixed seed makes the same bank each time.
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
            post(&store, &SystemClock, &deposit(&mut random, id)?)?;
            if let Some(customer) = customer {
                customer.accounts.push(id.to_string());
            }
            accounts.push(id);
        }
        let transfers = (self.entries / 2).saturating_sub(self.accounts);
        let mut left = transfers;
        while left > 0 {
            let size = left.min(BATCH_LINES_MAX);
            let batch = batch(&mut random, &accounts, size)?;
            for outcome in post_batch(&store, &SystemClock, &batch)?.outcomes {
                if let LineOutcome::Refused(refusal) = outcome {
                    bail!("a transfer was refused: {}", refusal.detail);
                }
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
    let euro = Currency::from_code("EUR")?;
    let request = OpenRequest::of_customer(owner_id, AccountType::Checking, euro);
    let actor = Actor {
        id: owner_id,
        role: "customer".into(),
        on_behalf_of: None,
        request_id: Some("bench".to_owned()),
    };
    Ok(open(store, &SystemClock, &SystemRandom, &rules, request, &actor)?.id)
}

fn deposit(random: &mut StdRng, account: Uuid) -> Result<Transfer> {
    Ok(Transfer {
        // Random, as real ids are hashes.
        id: Uuid::from_u128(random.random()),
        fingerprint: random.random(),
        authority: DebitAuthority::Bank,
        actor: ASKER,
        on_behalf_of: None,
        request_id: None,
        instruction: instruction(Kind::Deposit, None, account, DEPOSIT_CENTS)?,
        denied_by: None,
        requested_at_ms: SystemClock.now_ms(),
    })
}

/// `size` transfers of a cent, each between two of the accounts.
fn batch(random: &mut StdRng, accounts: &[Uuid], size: usize) -> Result<Batch> {
    let mut line = || {
        let from = random.random_range(0..accounts.len());
        let to = (from + random.random_range(1..accounts.len())) % accounts.len();
        Ok(BatchLine::Transfer {
            instruction: instruction(Kind::Transfer, Some(accounts[from]), accounts[to], 1)?,
            denied_by: None,
        })
    };
    let lines = (0..size).map(|_| line()).collect::<Result<_>>()?;
    Ok(Batch {
        id: Uuid::from_u128(random.random()),
        fingerprint: random.random(),
        authority: DebitAuthority::Bank,
        actor: ASKER,
        on_behalf_of: None,
        instruction: BatchInstruction {
            atomic: false,
            lines,
        },
        requested_at_ms: SystemClock.now_ms(),
    })
}

fn instruction(
    kind: Kind,
    source: Option<Uuid>,
    destination: Uuid,
    cents: i64,
) -> Result<Instruction> {
    let amount = Money::from_minor(cents, Currency::from_code("EUR")?);
    Ok(Instruction {
        source,
        destination: Some(AccountRef::Id(destination)),
        ..Instruction::new(kind, amount)
    })
}
