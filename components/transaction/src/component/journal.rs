//! The journal of the linked ledger, through the import `strongroom:account/ledger`.

use super::bindings::strongroom::account::ledger as wit;
use super::ledger::LinkedLedger;
use crate::event::Journal;
use crate::ledger::{LedgerError, Posting};

impl Journal for LinkedLedger {
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        let postings = wit::journal(after, limit)?;
        postings.into_iter().map(Posting::try_from).collect()
    }
}
