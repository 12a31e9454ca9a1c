//! What the store says before a decision: whether the id is known, the two accounts, and the end of the journal; in one query.

use super::BANK_OWNER;
use super::chain::Hash;
use super::error::{LedgerError, Side};
use super::journal::{Party, bytes32};
use super::transfer::{AccountRef, DebitAuthority, Transfer};
use crate::account::{AccountStatus, settlement};
use crate::balance::Balance;
use strongroom_sdk::store::{Row, StoreError, Transaction, Value};

/// `?1` the transfer's id, `?2` the source's id, `?3` the destination's id, or `?4` its number.
const SITUATION: &str = "\
SELECT head.transfer_sequence, head.entry_sequence, head.recorded_at_ms, head.hash, known.fingerprint,
    source.key, source.id, source.owner_id, source.currency, source.status, source.overdraft_limit_minor,
    source_balance.debits_posted, source_balance.credits_posted,
    source_balance.debits_pending, source_balance.credits_pending, source_balance.entry_count,
    destination.key, destination.id, destination.owner_id, destination.currency, destination.status,
    destination.overdraft_limit_minor, destination_balance.debits_posted, destination_balance.credits_posted,
    destination_balance.debits_pending, destination_balance.credits_pending, destination_balance.entry_count
FROM journal_head AS head
LEFT JOIN transfer AS known ON known.id = ?1
LEFT JOIN account AS source ON source.id = ?2
LEFT JOIN balance AS source_balance ON source_balance.account_key = source.key
LEFT JOIN account AS destination ON destination.key =
    coalesce((SELECT key FROM account WHERE id = ?3), (SELECT key FROM account WHERE number = ?4))
LEFT JOIN balance AS destination_balance ON destination_balance.account_key = destination.key
WHERE head.singleton = 1";

const SOURCE_COLUMN: usize = 5;
const DESTINATION_COLUMN: usize = 16;

/// The end of the journal.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    pub transfer_sequence: i64,
    pub entry_sequence: i64,
    pub recorded_at_ms: i64,
    pub hash: Hash,
}

/// An account as the decision sees it.
#[derive(Debug, Clone)]
pub struct Standing {
    pub party: Party,
    pub currency: String,
    pub status: AccountStatus,
    pub balance: Balance,
    pub entry_count: i64,
}

/// All that the decision depends on.
#[derive(Debug)]
pub struct Situation {
    pub head: Head,
    /// The fingerprint under which the id is known.
    pub known: Option<[u8; 32]>,
    pub source: Option<Standing>,
    pub destination: Option<Standing>,
}

impl Situation {
    pub fn read(transaction: &impl Transaction, transfer: &Transfer) -> Result<Self, StoreError> {
        // A deposit or withdrawal does not name the bank's side of it: the settlement account of its currency.
        let settlement_id = || settlement::id_of(&transfer.currency);
        let (destination_id, destination_number) = match &transfer.destination {
            Some(AccountRef::Id(id)) => (Value::from(*id), Value::Null),
            Some(AccountRef::Number(number)) => (Value::Null, Value::from(number.as_str())),
            None => (Value::from(settlement_id()), Value::Null),
        };
        let params = [
            Value::from(transfer.id),
            Value::from(transfer.source.unwrap_or_else(settlement_id)),
            destination_id,
            destination_number,
        ];
        let row = transaction
            .query(SITUATION, &params)?
            .first()
            .ok_or_else(|| StoreError::Row("the journal has no head".to_owned()))?;
        Ok(Self {
            head: Head {
                transfer_sequence: row.integer(0)?,
                entry_sequence: row.integer(1)?,
                recorded_at_ms: row.integer(2)?,
                hash: bytes32(&row, 3)?,
            },
            known: row.optional(4, bytes32)?,
            source: row.optional(SOURCE_COLUMN, standing)?,
            destination: row.optional(DESTINATION_COLUMN, standing)?,
        })
    }

    /// The source, if the transfer names one that its authority may debit. `None` inside: the bank's own account of a currency that
    /// has none yet. The bank's own accounts are never found by their id.
    pub fn source(&self, transfer: &Transfer) -> Result<Option<&Standing>, LedgerError> {
        let allowed = |standing: &&Standing| match transfer.authority {
            DebitAuthority::Owner(owner) => standing.party.owner_id == owner && owner != BANK_OWNER,
            DebitAuthority::Bank => standing.party.owner_id != BANK_OWNER,
        };
        let source = self.source.as_ref();
        if transfer.source.is_none() {
            return Ok(source);
        }
        match source.filter(allowed) {
            Some(source) => Ok(Some(source)),
            None => Err(LedgerError::AccountNotFound(Side::Source)),
        }
    }

    /// The destination, likewise: any customer's account.
    pub fn destination(&self, transfer: &Transfer) -> Result<Option<&Standing>, LedgerError> {
        let destination = self.destination.as_ref();
        if transfer.destination.is_none() {
            return Ok(destination);
        }
        match destination.filter(|standing| standing.party.owner_id != BANK_OWNER) {
            Some(destination) => Ok(Some(destination)),
            None => Err(LedgerError::AccountNotFound(Side::Destination)),
        }
    }
}

fn standing(row: &Row, column: usize) -> Result<Standing, StoreError> {
    Ok(Standing {
        party: Party {
            key: row.integer(column)?,
            id: row.uuid(column + 1)?,
            owner_id: row.uuid(column + 2)?,
        },
        currency: row.text(column + 3)?,
        status: AccountStatus::from_stored(&row.text(column + 4)?)?,
        balance: Balance::from_row(row, column + 5)?,
        entry_count: row.integer(column + 10)?,
    })
}
