//! Whether a ledger is right after a process of the workload has ended, in any way.

use super::adapter::GuestStore;
use super::run::{Run, STORE_FILE};
use super::workload::{self, Ack, Ask, Decision};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use strongroom_account::account;
use strongroom_account::audit::check_invariants;
use strongroom_account::ledger::journal;
use strongroom_account::schema;
use strongroom_ledger_api::Transfer;
use strongroom_sdk::store::{StoreError, migrate};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

const PAGE: u32 = 1_000;
const PAGE_CACHE: &str = "page-cache";

/// The folder of a ledger. It is in memory where possible, since the plan decides what is on disk.
pub struct Ledger {
    folder: TempDir,
}

impl Ledger {
    pub fn new() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let folder = folder.unwrap();
        Self { folder }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file that keeps the data that is not on disk, when a process ends.
    pub fn page_cache(&self) -> String {
        self.folder().join(PAGE_CACHE).display().to_string()
    }

    /// A copy of the files and of their page cache, in another folder.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        for entry in std::fs::read_dir(self.folder()).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, copy.folder().join(path.file_name().unwrap())).unwrap();
        }
        let cache = copy.folder().join(PAGE_CACHE);
        let text = std::fs::read_to_string(&cache).unwrap();
        let [from, to] = [self, &copy].map(|ledger| ledger.folder().display().to_string());
        std::fs::write(cache, text.replace(&from, &to)).unwrap();
        copy
    }

    /// Opens the ledger as a host does, and repeats every request; returns what is wrong.
    pub fn violations(&self, runs: &[&Run]) -> Vec<String> {
        let runtime = Arc::new(Runtime::new().unwrap());
        let store = match GuestStore::open(&self.folder().join(STORE_FILE), &runtime) {
            Ok(store) => store,
            Err(error) => return vec![format!("the store does not open: {error}")],
        };
        let acks = runs.iter().flat_map(|run| run.acks.clone()).collect();
        let judge = LedgerJudge { store, acks };
        let judged = judge.judge();
        judge.store.close();
        judged.unwrap_or_else(|error| vec![format!("the store does not answer: {error}")])
    }
}

struct LedgerJudge {
    store: GuestStore,
    acks: Vec<Ack>,
}

impl LedgerJudge {
    fn judge(&self) -> Result<Vec<String>, StoreError> {
        // What a component does when it starts.
        migrate(&self.store, schema::MIGRATIONS)?;
        let mut violations = self.broken_invariants()?;
        violations.extend(self.unconfirmed("the journal", &self.journal()?)?);

        let retried = Mutex::new(Vec::new());
        let retry = |ack| {
            if let Ack::Decided(decision) = ack {
                retried.lock().push(decision);
            }
        };
        if let Err(reason) = workload::run(&self.store, &retry) {
            violations.push(format!("a retry: {reason}"));
        }
        violations.extend(self.unconfirmed("a retry", &retried.into_inner())?);
        violations.extend(self.made_up(&self.journal()?)?);
        violations.extend(self.broken_invariants()?);
        Ok(violations)
    }

    fn broken_invariants(&self) -> Result<Vec<String>, StoreError> {
        let report = check_invariants(&self.store)?;
        let broken = report.violations();
        let text = |(check, row)| format!("{check}: {row}");
        Ok(broken.map(text).collect())
    }

    fn journal(&self) -> Result<Vec<Decision>, StoreError> {
        let mut all = Vec::new();
        loop {
            let after = all.last().map_or(0, |last: &Decision| last.sequence);
            let page = journal(&self.store, after.cast_signed(), PAGE)?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page.iter().map(Decision::from));
        }
    }

    /// Each acknowledgement that these decisions, or the accounts, do not confirm.
    fn unconfirmed(&self, by: &str, decisions: &[Decision]) -> Result<Vec<String>, StoreError> {
        let mut unconfirmed = Vec::new();
        for ack in &self.acks {
            let is_confirmed = match ack {
                Ack::Decided(decision) => decisions.contains(decision),
                Ack::Opened { owner, account } => account::by_id(&self.store, *account)?
                    .is_some_and(|account| account.owner_id == *owner),
            };
            if !is_confirmed {
                unconfirmed.push(format!("acknowledged, and not confirmed by {by}: {ack:?}"));
            }
        }
        Ok(unconfirmed)
    }

    /// Each row of the journal without a request of that amount, and each request without a row.
    fn made_up(&self, journal: &[Decision]) -> Result<Vec<String>, StoreError> {
        let accounts = workload::open_accounts(&self.store, &|_| {})?;
        let mut asked: BTreeMap<Uuid, Transfer> = workload::all_asks(&accounts)
            .flat_map(|ask| match ask {
                Ask::One(transfer) => vec![transfer],
                Ask::Batch(batch) => workload::transfers(&batch).collect(),
            })
            .map(|transfer| (transfer.id, transfer))
            .collect();
        let mut made_up = Vec::new();
        for row in journal {
            let amount = asked.remove(&row.id);
            let amount = amount.and_then(|transfer| transfer.instruction.amount);
            if amount.map(|amount| amount.minor()) != Some(row.amount_minor) {
                made_up.push(format!("in the ledger, and not requested: {row:?}"));
            }
        }
        let missing = asked.keys();
        made_up.extend(missing.map(|id| format!("retried, and not in the ledger: {id}")));
        Ok(made_up)
    }
}
