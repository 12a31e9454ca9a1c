//! The interfaces of `strongroom:account`, as traits. In a component `Linked` implements them by
//! its imports; in native tests the account service's library does.

use crate::batch::{Batch, BatchRecord, BatchReply};
use crate::error::LedgerError;
use crate::posting::{Posting, Reply};
use crate::transfer::Transfer;
use crate::words::Decline;
use strongroom_sdk::money::Currency;
use uuid::Uuid;

/// The most postings of one [`Journal::journal`].
pub const JOURNAL_LIMIT_MAX: u32 = 1_000;
/// The most ids of one [`Journal::lookup_many`]. With the longest texts and the most legs, their
/// postings stay below the host's limit of a link call.
pub const LOOKUP_IDS_MAX: usize = 100;
/// The most changes of one [`Directory::changes`].
pub const CHANGES_LIMIT: u32 = 1_000;

/// Decides whether money moves. Each decision is one commit.
///
/// An error means that nothing is recorded, of a batch too. Only after [`LedgerError::Unavailable`]
/// it may be: a retry with the same id shows it.
pub trait Ledger {
    /// Posts or declines, durably; returns the recorded posting of a known id.
    fn post(&self, transfer: &Transfer) -> Result<Reply, LedgerError>;

    /// Posts or declines the transfers of a batch in their order, in one commit.
    fn post_batch(&self, batch: &Batch) -> Result<BatchReply, LedgerError>;

    /// Cancels an id, so that a late [`Ledger::post`] cannot move money; returns the recorded
    /// posting.
    fn cancel(&self, transfer: &Transfer) -> Result<Reply, LedgerError>;

    /// The reason for which [`Ledger::post`] would decline a transfer now; none where it would post
    /// it. Records nothing. Reveals no more of the payee than [`Ledger::post`] does, except where
    /// the payer owns both accounts.
    fn judge(&self, transfer: &Transfer) -> Result<Option<Decline>, LedgerError>;
}

/// Reads what the ledger has recorded. The error is [`LedgerError::Unavailable`].
pub trait Journal {
    /// All postings with a sequence above `after`, oldest first, at most `limit` (at most
    /// [`JOURNAL_LIMIT_MAX`]); fewer where their texts and legs are long, and none only at the
    /// end.
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError>;

    /// The sequence of the last posting; 0 for an empty journal.
    fn head(&self) -> Result<u64, LedgerError>;

    /// The postings of ids, in the order of the ids, with their resolutions. At most
    /// [`LOOKUP_IDS_MAX`] ids.
    ///
    /// # Errors
    /// Also [`LedgerError::Invalid`], for too many ids.
    fn lookup_many(&self, ids: &[Uuid]) -> Result<Vec<Option<Posting>>, LedgerError>;

    /// The record of a batch, if there is one.
    fn find_batch(&self, id: Uuid) -> Result<Option<BatchRecord>, LedgerError>;

    /// The postings that [concern](Posting::concerns) a user, oldest first, with a sequence above
    /// `after`, at most `limit` (at most [`JOURNAL_LIMIT_MAX`]); fewer where their texts are long
    /// or the user has many accounts, and none only at the end.
    fn journal_of(
        &self,
        user_id: Uuid,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Posting>, LedgerError>;

    /// The posting of one id, if there is one, with its resolution.
    fn lookup(&self, id: Uuid) -> Result<Option<Posting>, LedgerError> {
        Ok(self.lookup_many(&[id])?.pop().flatten())
    }
}

/// An account as other services see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// The account's id.
    pub id: Uuid,
    /// Its owner, who never changes.
    pub owner_id: Uuid,
    /// IBAN.
    pub number: String,
    /// The currency of its balance; never changes.
    pub currency: Currency,
    /// Whether it is closed, which is final.
    pub closed: bool,
}

/// A change of an account other than a movement of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChange {
    /// The place among all changes; it grows from change to change.
    pub sequence: u64,
    /// The account as it is now.
    pub account: AccountSummary,
}

/// Says who owns an account, and how accounts change. The error is [`LedgerError::Unavailable`].
pub trait Directory {
    /// The account of an id, if there is one.
    fn find(&self, account_id: Uuid) -> Result<Option<AccountSummary>, LedgerError>;

    /// The changes of accounts with a sequence above `after`, oldest first, at most
    /// [`CHANGES_LIMIT`]; none only at the end.
    fn changes(&self, after: u64) -> Result<Vec<AccountChange>, LedgerError>;
}
