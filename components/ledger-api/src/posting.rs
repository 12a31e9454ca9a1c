//! The ledger's record of a transfer.

use crate::transfer::Actor;
use crate::words::{Decline, Direction, Kind, Status};
use strongroom_sdk::money::Money;
use uuid::Uuid;

/// The transfer that ended a hold or reversed a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// The id of the capture, void, expiry, or reversal.
    pub id: Uuid,
    /// Which of these it is.
    pub kind: Kind,
    /// The amount that it moved or released; none for that of a posting of several legs.
    pub amount: Option<Money>,
    /// The time of that decision, in milliseconds since 1970 UTC.
    pub recorded_at_ms: i64,
}

/// An account of a posting: a customer's, or an internal one of the bank's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// Its id.
    pub account_id: Uuid,
    /// Its owner.
    pub owner_id: Uuid,
}

/// A debit or a credit of a posting of several legs, as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedLeg {
    /// The account. None where a declined posting names an account to credit that may not exist.
    pub account: Option<Party>,
    /// Debit or credit.
    pub direction: Direction,
    /// The amount.
    pub amount: Money,
}

/// The ledger's record of a transfer. Only `resolution` ever changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The transfer's id.
    pub id: Uuid,
    /// The place in the journal: 1, 2, 3, .. without gaps.
    pub sequence: u64,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// The kind of movement.
    pub kind: Kind,
    /// The decision.
    pub status: Status,
    /// The reason, if it was declined.
    pub decline: Option<Decline>,
    /// The screening's rule that denied it. Only staff may see it: a payer who knows the rule can
    /// avoid it.
    pub denied_by: Option<String>,
    /// Who made the request.
    pub actor: Actor,
    /// The customer for whom the actor made it, if they differ.
    pub on_behalf_of: Option<Uuid>,
    /// The host's id of a request by staff.
    pub request_id: Option<String>,
    /// The account to debit; none where it is the bank's settlement account.
    pub source: Option<Party>,
    /// The account to credit; none where it is the bank's settlement account.
    pub destination: Option<Party>,
    /// The hold that it captured, voided, or let expire, or the posting that it reversed.
    pub original: Option<Uuid>,
    /// The time at which a hold expires, in milliseconds since 1970 UTC; none for other kinds.
    pub expires_at_ms: Option<i64>,
    /// How a hold ended, or what reversed a posting. Only
    /// [`Journal::lookup_many`](crate::Journal::lookup_many) sets it.
    pub resolution: Option<Resolution>,
    /// The amount that moved or is held; none where there are legs.
    pub amount: Option<Money>,
    /// Of a posting of several legs, and of its reversal: in the order of the request.
    pub legs: Vec<RecordedLeg>,
    /// The leg for which it was declined, counted from 0.
    pub declined_leg: Option<u32>,
    /// A text that both parties see.
    pub reference: Option<String>,
    /// The client's own notes: a JSON object, as text.
    pub metadata: Option<String>,
    /// The time of the client's request, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
    /// The time of the decision, in milliseconds since 1970 UTC; it never goes back along the
    /// journal.
    pub recorded_at_ms: i64,
}

impl Posting {
    /// The one for whom it was asked: the customer of the actor, or the actor.
    pub fn asked_for(&self) -> Uuid {
        self.on_behalf_of.unwrap_or(self.actor.id)
    }

    /// Whether a user may see it: the owner of one of its accounts. A decline concerns only the
    /// owner of the account to debit (of a deposit: to credit; of several: of the first to debit),
    /// so that users do not see what others failed to send to them; or the one who asked, where
    /// that account was not found.
    pub fn concerns(&self, user_id: Uuid) -> bool {
        let is_owner = |party: Option<Party>| party.is_some_and(|party| party.owner_id == user_id);
        if self.status != Status::Declined {
            let mut of_legs = self.legs.iter().map(|leg| leg.account);
            return is_owner(self.source) || is_owner(self.destination) || of_legs.any(is_owner);
        }
        let asked = match self.kind {
            Kind::Deposit => self.destination,
            _ => self.source.or_else(|| first_debited(&self.legs)),
        };
        let has_no_owner = asked.is_none() && self.kind.is_payment();
        is_owner(asked) || (has_no_owner && self.asked_for() == user_id)
    }
}

/// The account of the first leg that debits.
pub fn first_debited(legs: &[RecordedLeg]) -> Option<Party> {
    let debit = legs.iter().find(|leg| leg.direction == Direction::Debit);
    debit.and_then(|leg| leg.account)
}

/// The ledger's reply to a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The record.
    pub posting: Posting,
    /// Whether the decision is an earlier one: the posting is then its record.
    pub repeated: bool,
}
