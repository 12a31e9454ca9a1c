//! The link: this service's own words, from the import `strongroom:account/ledger`.

use super::bindings::strongroom::account::ledger as wit;
use crate::journal::{Journal, JournalError, Outcome, Party, Posting};
use uuid::Uuid;

/// The ledger that the registry links this service to.
#[derive(Debug, Clone, Copy)]
pub(super) struct LinkedJournal;

impl Journal for LinkedJournal {
    fn read(&self, after: u64, limit: u32) -> Result<Vec<Posting>, JournalError> {
        let postings =
            wit::journal(after, limit).map_err(|error| JournalError(error.to_string()))?;
        postings.into_iter().map(Posting::try_from).collect()
    }
}

impl TryFrom<wit::Posting> for Posting {
    type Error = JournalError;

    fn try_from(posting: wit::Posting) -> Result<Self, JournalError> {
        Ok(Self {
            id: uuid(&posting.id)?,
            sequence: posting.sequence,
            outcome: match posting.status {
                wit::Status::Posted => Outcome::Moved,
                wit::Status::Declined => Outcome::Declined,
                wit::Status::Pending | wit::Status::Voided | wit::Status::Expired => Outcome::Held,
            },
            source: party(posting.source, posting.source_owner)?,
            destination: party(posting.destination, posting.destination_owner)?,
            amount_minor: posting.amount_minor,
            currency: posting.currency,
            reference: posting.reference,
            recorded_at_ms: posting.recorded_at_ms,
        })
    }
}

fn party(account: Option<String>, owner: Option<String>) -> Result<Option<Party>, JournalError> {
    match (account, owner) {
        (Some(account), Some(owner)) => Ok(Some(Party {
            account_id: uuid(&account)?,
            owner_id: uuid(&owner)?,
        })),
        _ => Ok(None),
    }
}

fn uuid(text: &str) -> Result<Uuid, JournalError> {
    Uuid::parse_str(text).map_err(|error| JournalError(format!("{text} is no id: {error}")))
}
