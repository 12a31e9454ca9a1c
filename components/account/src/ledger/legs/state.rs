//! What the decision on several legs depends on, beside their accounts.

use crate::ledger::head::Head;
use crate::ledger::row_legs::{from_row, mirrored};
use crate::ledger::state::OriginalState;
use strongroom_ledger_api::{Decline, Kind, LedgerError, Leg, RecordedLeg, Transfer};
use strongroom_sdk::store::{Row, StoreError, Transaction, Value};

/// `?1` is the transfer's id, `?2` that of the original of a reversal.
const STATE: &str = "\
SELECT head.transfer_sequence, head.entry_sequence, head.recorded_at_ms, head.hash,
    coalesce(known.fingerprint, (SELECT fingerprint FROM batch WHERE id = ?1)),
    original.sequence, original.id, original.kind, original.status, original.amount_minor,
    original.currency, original.expires_at_ms, resolving.kind, original.legs
FROM journal_head AS head
LEFT JOIN transfer AS known ON known.id = ?1
LEFT JOIN transfer AS original ON original.id = ?2
LEFT JOIN transfer AS resolving
    ON resolving.subject_sequence = original.sequence AND resolving.status <> 'declined'
WHERE head.singleton = 1";

const ORIGINAL_COLUMN: usize = 5;
const LEGS_COLUMN: usize = 13;

pub struct LegsState {
    pub head: Head,
    /// The fingerprint of the transfer or batch that has this id already, if there is one.
    pub known: Option<[u8; 32]>,
    /// The posting that a reversal names.
    pub original: Option<OriginalState>,
    legs_of_original: Vec<RecordedLeg>,
}

impl LegsState {
    pub fn read(transaction: &impl Transaction, transfer: &Transfer) -> Result<Self, StoreError> {
        let params = [
            Value::from(transfer.id),
            Value::from(transfer.instruction.original),
        ];
        let row = transaction.query(STATE, &params)?;
        let row = row.first_or("the journal has no head")?;
        let legs = row.optional(LEGS_COLUMN, from_row)?.unwrap_or_default();
        Ok(Self {
            head: Head::from_row(&row, 0)?,
            known: row.optional(4, Row::bytes32)?,
            original: row.optional(ORIGINAL_COLUMN, OriginalState::from_row)?,
            legs_of_original: legs.0,
        })
    }

    /// The legs of a posting as asked, or those that a reversal moves back.
    ///
    /// # Errors
    /// [`LedgerError::OriginalNotFound`]; [`LedgerError::Invalid`] where the original has an
    /// amount.
    pub fn legs(&self, transfer: &Transfer) -> Result<Vec<Leg>, LedgerError> {
        if transfer.instruction.kind != Kind::Reversal {
            return Ok(transfer.instruction.legs.clone());
        }
        let original = self.original.as_ref();
        let original = original.ok_or(LedgerError::OriginalNotFound)?;
        if original.amount.is_some() {
            return Err(LedgerError::invalid("amount"));
        }
        let legs = mirrored(&self.legs_of_original).into_iter().map(|leg| Leg {
            // The nil UUID is no account's: only a declined posting lacks one, and none reverses
            // it.
            account: leg
                .account
                .map(|party| party.account_id)
                .unwrap_or_default(),
            direction: leg.direction,
            amount: leg.amount,
            denied_by: None,
        });
        Ok(legs.collect())
    }

    /// Whether the original of a reversal can be reversed.
    pub fn check_original(&self) -> Result<(), Decline> {
        match &self.original {
            Some(original) => crate::ledger::decide::check_reversible(original),
            None => Ok(()),
        }
    }
}
