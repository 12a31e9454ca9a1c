//! What the ledger records of a transfer.

use crate::transfer::Actor;
use crate::words::{Decline, Kind, Status};
use strongroom_sdk::money::Money;
use uuid::Uuid;

/// How a hold ended, or by what a posting was reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// The id of the capture, void, expiry, or reversal.
    pub id: Uuid,
    /// Which of these it is.
    pub kind: Kind,
    /// What was moved or released.
    pub amount: Money,
}

/// A customer's account of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// The account's id.
    pub account_id: Uuid,
    /// Its owner.
    pub owner_id: Uuid,
}

/// The ledger's record of a transfer. It never changes, but for `resolution`, and so neither does a response that is made of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The transfer's id.
    pub id: Uuid,
    /// The place in the journal: 1, 2, 3, .. without gaps.
    pub sequence: u64,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// What it is for.
    pub kind: Kind,
    /// What was decided.
    pub status: Status,
    /// Why not, if it was declined.
    pub decline: Option<Decline>,
    /// The rule of the screening, where that denied it. For staff alone: a payer who knows the rule knows how to pass it.
    pub denied_by: Option<String>,
    /// Who asked.
    pub actor: Actor,
    /// The customer for whom the actor asked, if they are not the same.
    pub on_behalf_of: Option<Uuid>,
    /// The host's id of the request in which staff asked.
    pub request_id: Option<String>,
    /// The customer's account to debit; none where it is the bank's own.
    pub source: Option<Party>,
    /// The customer's account to credit; none where it is the bank's own.
    pub destination: Option<Party>,
    /// The hold that this captured, voided, or let expire, or the posting that it reversed.
    pub original: Option<Uuid>,
    /// Of holds: when the time is up, in milliseconds since 1970 UTC.
    pub expires_at_ms: Option<i64>,
    /// What came of a hold or posting later. Only [`Journal::lookup_many`](crate::Journal::lookup_many) and
    /// [`Journal::history`](crate::Journal::history) have it.
    pub resolution: Option<Resolution>,
    /// What moved or is held.
    pub amount: Money,
    /// What the parties see.
    pub reference: Option<String>,
    /// A JSON object, as text.
    pub metadata: Option<String>,
    /// When the client asked, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
    /// When the ledger decided, in milliseconds since 1970 UTC; never goes back along the journal.
    pub recorded_at_ms: i64,
}

impl Posting {
    /// Whether it is a user's to see: that of the owner of one of its accounts. A decline is that
    /// of the owner of the account to debit (of a deposit: to credit) alone, so that nobody sees
    /// what others tried and failed to send to them; where that account was not found, it is the
    /// actor's.
    pub fn concerns(&self, user_id: Uuid) -> bool {
        let is_owner = |party: Option<Party>| party.is_some_and(|party| party.owner_id == user_id);
        if self.status != Status::Declined {
            return is_owner(self.source) || is_owner(self.destination);
        }
        let asked = match self.kind {
            Kind::Deposit => self.destination,
            _ => self.source,
        };
        let is_nobodys = asked.is_none() && self.kind.is_payment();
        is_owner(asked) || (is_nobodys && self.actor == Actor::user(user_id))
    }
}

/// What the ledger replies to a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The record.
    pub posting: Posting,
    /// Whether it was decided before: then this is the record of that time.
    pub repeated: bool,
}
