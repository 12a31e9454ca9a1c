//! The notices of a posting: which owners it concerns, and how.

use strongroom_ledger_api::{Party, Posting, Status};
use uuid::Uuid;

/// The change of an account, as its owner sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Money came in from outside.
    Deposited,
    /// Money went out.
    Withdrawn,
    /// Money went to another owner.
    Sent,
    /// Money came from another owner.
    Received,
    /// Money went from one of the reader's accounts to another.
    Moved,
    /// The ledger declined to move money.
    Declined,
}

impl Event {
    /// The word that clients see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposited => "deposited",
            Self::Withdrawn => "withdrawn",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Moved => "moved",
            Self::Declined => "declined",
        }
    }
}

/// A notice to the owner of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// The user who reads it.
    pub owner_id: Uuid,
    /// The account that changed.
    pub account_id: Uuid,
    /// The change.
    pub event: Event,
}

impl Notice {
    fn new(party: Party, event: Event) -> Self {
        Self {
            owner_id: party.owner_id,
            account_id: party.account_id,
            event,
        }
    }
}

/// The notices of a posting: one for each owner. The payee gets none of a decline, and neither side
/// gets one of a hold.
pub fn notices(posting: &Posting) -> Vec<Notice> {
    match posting.status {
        Status::Posted => {}
        Status::Pending | Status::Voided | Status::Expired => return Vec::new(),
        Status::Declined => {
            let notice = posting
                .source
                .map(|party| Notice::new(party, Event::Declined));
            return notice.into_iter().collect();
        }
    }
    match (posting.source, posting.destination) {
        (Some(source), Some(destination)) if source.owner_id == destination.owner_id => {
            vec![Notice::new(source, Event::Moved)]
        }
        (Some(source), Some(destination)) => vec![
            Notice::new(source, Event::Sent),
            Notice::new(destination, Event::Received),
        ],
        (Some(source), None) => vec![Notice::new(source, Event::Withdrawn)],
        (None, Some(destination)) => vec![Notice::new(destination, Event::Deposited)],
        (None, None) => Vec::new(),
    }
}
