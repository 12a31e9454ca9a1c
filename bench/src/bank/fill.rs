//! Makes a bank large, in minutes instead of days.
//!
//! The services' own code writes the accounts and transfers, and the index of them, to the stores
//! while no host has them open: every row, sum, and hash is the same as over HTTP.

mod accounts;
mod history;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use strongroom_account::ledger::{LocalLedger, post};
use strongroom_ledger_api::{Actor, DebitAuthority, Instruction, Posting, Transfer};
use strongroom_sdk::clock::{Clock, ManualClock, SystemClock};
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::store::SqliteStore;
use strongroom_transaction::index;
use uuid::Uuid;

use super::Bank;
use super::bulk::BulkStore;
use crate::record::{read_json, write_json};

pub use history::{CHANNEL, RARE, REFERENCE, USUAL};

/// The entries of a movement: a debit and a credit.
const ENTRIES_OF_MOVEMENT: usize = 2;

#[derive(Debug, clap::Args)]
pub struct FillCommand {
    /// The bank's folder of data
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// The file that `seed` wrote; the new accounts of its customers are added to it
    #[arg(long, value_name = "FILE")]
    bank: PathBuf,
    /// How many accounts to open
    #[arg(long)]
    accounts: usize,
    /// At least how many entries to write: two for each movement of money
    #[arg(long)]
    entries: usize,
}

impl FillCommand {
    pub fn run(&self) -> Result<()> {
        let mut bank: Bank = read_json(&self.bank)?;
        let ledger = self.store("accounts")?;
        let store = BulkStore::new(SqliteStore::open_without_sync(&ledger)?);
        // A fixed seed makes the same bank each time.
        let mut random = StdRng::seed_from_u64(1);
        let paying = accounts::open_all(&store, &mut random, &mut bank, self.accounts)?;
        let deposited = paying.len() * ENTRIES_OF_MOVEMENT;
        let wanted = self.entries.saturating_sub(deposited);
        let written = history::write(&store, &mut random, &paying, wanted)?;
        store.finish()?;
        // Its cache is as large as that of the next store.
        drop(store);
        let (accounts, entries) = (self.accounts, deposited + written);
        println!("{accounts} accounts, {entries} entries");
        let ledger = LocalLedger {
            store: SqliteStore::open(&ledger)?,
            clock: SystemClock,
        };
        let transactions = SqliteStore::open_without_sync(&self.store("transactions")?)?;
        index::follow(&transactions, &ledger, usize::MAX)?;
        write_json(&self.bank, &bank)
    }

    fn store(&self, service: &str) -> Result<PathBuf> {
        let file = Path::new("stores").join(service).with_extension("sqlite");
        let file = self.data.join(file);
        ensure!(file.is_file(), "{} is no file", file.display());
        Ok(file)
    }
}

/// Posts one movement of the bank's, which must not be declined.
fn post_one(store: &BulkStore, id: Uuid, instruction: Instruction) -> Result<Posting> {
    let clock = stopped_clock();
    let transfer = Transfer {
        id,
        fingerprint: instruction.fingerprint(),
        authority: DebitAuthority::Bank,
        actor: Actor::user(USUAL),
        on_behalf_of: None,
        request_id: None,
        instruction,
        denied_by: None,
        requested_at_ms: clock.now_ms(),
    };
    let posting = post(store, &clock, &transfer)
        .with_context(|| format!("{transfer:?}"))?
        .posting;
    ensure!(posting.decline.is_none(), "declined: {posting:?}");
    Ok(posting)
}

/// A clock that stands at this moment. A request and its decision have one time: in so short a
/// history, many transactions would be between them.
fn stopped_clock() -> ManualClock {
    ManualClock::at(SystemClock.now_ms())
}

fn euros(cents: i64) -> Result<Money> {
    Ok(Money::from_minor(cents, Currency::from_code("EUR")?))
}
