//! The notices of a posting: which owners it concerns, and how.

use strongroom_ledger_api::{Direction, Party, Posting, RecordedLeg, Status};
use strongroom_sdk::money::Money;
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
    /// The amount that moved, or was to move.
    pub amount: Money,
}

impl Notice {
    fn new(party: Party, event: Event, amount: Money) -> Self {
        Self {
            amount,
            owner_id: party.owner_id,
            account_id: party.account_id,
            event,
        }
    }
}

/// The notices of a posting: one for each owner. The payee gets none of a decline, and neither side
/// gets one of a hold. Of a posting of several legs, an owner gets one of the first leg on an
/// account of theirs.
pub fn notices(posting: &Posting) -> Vec<Notice> {
    let is_declined = match posting.status {
        Status::Posted => false,
        Status::Pending | Status::Voided | Status::Expired => return Vec::new(),
        Status::Declined => true,
    };
    let Some(amount) = posting.amount else {
        return of_legs(&posting.legs, is_declined);
    };
    let notice = |party, event| Notice::new(party, event, amount);
    match (posting.source, posting.destination) {
        (source, _) if is_declined => source
            .into_iter()
            .map(|party| notice(party, Event::Declined))
            .collect(),
        (Some(source), Some(destination)) if source.owner_id == destination.owner_id => {
            vec![notice(source, Event::Moved)]
        }
        (Some(source), Some(destination)) => vec![
            notice(source, Event::Sent),
            notice(destination, Event::Received),
        ],
        (Some(source), None) => vec![notice(source, Event::Withdrawn)],
        (None, Some(destination)) => vec![notice(destination, Event::Deposited)],
        (None, None) => Vec::new(),
    }
}

fn of_legs(legs: &[RecordedLeg], is_declined: bool) -> Vec<Notice> {
    let mut notices: Vec<Notice> = Vec::new();
    for leg in legs {
        let event = match leg.direction {
            Direction::Debit if is_declined => Event::Declined,
            Direction::Debit => Event::Sent,
            Direction::Credit => Event::Received,
        };
        let Some(party) = leg.account.filter(|party| !party.owner_id.is_nil()) else {
            continue;
        };
        let is_first = notices
            .iter()
            .all(|notice| notice.owner_id != party.owner_id);
        if is_first && (!is_declined || leg.direction == Direction::Debit) {
            notices.push(Notice::new(party, event, leg.amount));
        }
    }
    // A decline is the first payer's alone.
    notices.truncate(if is_declined { 1 } else { notices.len() });
    notices
}
