//! A posting as clients see it: the transaction of `/api/transactions`, and the event for programs
//! that follow the journal.

use crate::posting::{Party, Posting, RecordedLeg};
use crate::words::{Decline, Direction, Kind, Status};
use serde::Serialize;
use serde_json::value::RawValue;
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::openapi::{Amount, CurrencyCode, Timestamp, words};
use strongroom_sdk::problem::Problem;
use utoipa::ToSchema;
use utoipa::openapi::Object;
use uuid::Uuid;

/// The status of a transaction that was reversed.
const REVERSED: &str = "reversed";

/// A transaction.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Transaction)]
pub struct TransactionView {
    id: Uuid,
    #[schema(value_type = Kind, inline)]
    r#type: &'static str,
    #[schema(schema_with = status_words)]
    status: &'static str,
    #[schema(required)]
    from_account_id: Option<Uuid>,
    #[schema(required)]
    to_account_id: Option<Uuid>,
    #[schema(value_type = Option<Amount>, required)]
    amount: Option<String>,
    #[schema(value_type = Option<CurrencyCode>, required)]
    currency: Option<&'static str>,
    /// Of a posting of several legs, and of its reversal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    entries: Vec<LegView>,
    #[schema(required)]
    reference: Option<String>,
    #[schema(value_type = Option<BTreeMap<String, String>>, required)]
    metadata: Option<Box<RawValue>>,
    #[schema(value_type = Option<Decline>, inline, required)]
    decline_code: Option<&'static str>,
    #[schema(value_type = Timestamp)]
    created_at: String,
    #[schema(value_type = Option<Timestamp>, required)]
    posted_at: Option<String>,
    sequence: u64,
    /// Of a hold: the time at which it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Timestamp, required = false)]
    expires_at: Option<String>,
    /// Of a capture, a void, or an expiry: its hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    hold_id: Option<Uuid>,
    /// Of a reversal: its original.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reverses: Option<Uuid>,
    /// Of a captured hold: the captured amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Amount, required = false)]
    captured_amount: Option<String>,
    /// Of a hold that has ended: its capture, void, or expiry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resolved_by: Option<Uuid>,
    /// Of a transaction that was reversed: its reversal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reversed_by: Option<Uuid>,
    /// For staff: the rule of the screening that denied it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    denied_by: Option<String>,
    /// For staff: the request by staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<String>,
}

/// A debit or a credit of several.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TransactionEntry)]
struct LegView {
    /// None where it is not the viewer's, and may not exist.
    #[schema(required)]
    account_id: Option<Uuid>,
    #[schema(value_type = Direction, inline)]
    direction: &'static str,
    #[schema(value_type = Amount)]
    amount: String,
    #[schema(value_type = CurrencyCode)]
    currency: &'static str,
}

impl LegView {
    fn new(leg: &RecordedLeg) -> Self {
        Self {
            account_id: leg.account.map(|party| party.account_id),
            direction: leg.direction.as_str(),
            amount: leg.amount.to_string(),
            currency: leg.amount.currency().code(),
        }
    }
}

/// A transaction that was reversed has a status that the journal does not know.
fn status_words() -> Object {
    words(statuses())
}

/// The statuses of a transaction, as clients see them.
pub fn statuses() -> impl Iterator<Item = &'static str> {
    let recorded = Status::ALL.iter().map(|status| status.as_str());
    recorded.chain([REVERSED])
}

/// The status of a transaction from the posting on that ends or reverses it, which is of this kind.
pub fn status_after(end: Kind) -> &'static str {
    match end {
        Kind::Reversal => REVERSED,
        _ => end.accepted_status().as_str(),
    }
}

impl TransactionView {
    /// A posting as the ledger recorded it, without its resolution: the same bytes each time.
    ///
    /// # Errors
    /// 500 where the metadata is not JSON.
    pub fn recorded(posting: &Posting) -> Result<Self, Problem> {
        let metadata = posting.metadata.clone().map(RawValue::from_string);
        let is_reversal = posting.kind == Kind::Reversal;
        Ok(Self {
            id: posting.id,
            r#type: posting.kind.as_str(),
            status: posting.status.as_str(),
            from_account_id: posting.source.map(|party| party.account_id),
            to_account_id: posting.destination.map(|party| party.account_id),
            amount: posting.amount.map(|amount| amount.to_string()),
            currency: posting.amount.map(|amount| amount.currency().code()),
            entries: posting.legs.iter().map(LegView::new).collect(),
            reference: posting.reference.clone(),
            metadata: metadata.transpose().map_err(Problem::internal)?,
            decline_code: posting.decline.map(Decline::as_str),
            created_at: format_rfc3339(posting.requested_at_ms),
            posted_at: (posting.status == Status::Posted)
                .then(|| format_rfc3339(posting.recorded_at_ms)),
            sequence: posting.sequence,
            expires_at: posting.expires_at_ms.map(format_rfc3339),
            hold_id: posting.original.filter(|_| !is_reversal),
            reverses: posting.original.filter(|_| is_reversal),
            captured_amount: None,
            resolved_by: None,
            reversed_by: None,
            denied_by: None,
            request_id: None,
        })
    }

    /// A posting with its resolution, as `viewer` may see it. Only the actor, the source's owner,
    /// and staff see the client's notes. Only its owner and staff see the payee of a declined
    /// payment: otherwise a payer without the money would learn whether there is such an account.
    /// Of several entries, one who has not asked for them sees those of their own accounts: what a
    /// payer pays to others is not for each payee.
    ///
    /// # Errors
    /// As [`TransactionView::recorded`].
    pub fn for_viewer(posting: &Posting, viewer: &Identity) -> Result<Self, Problem> {
        let mut view = Self::recorded(posting)?;
        view.add_resolution(posting);
        let owns =
            |party: Option<Party>| party.is_some_and(|party| party.owner_id == viewer.subject);
        let owns_source = owns(posting.source);
        let is_declined = posting.status == Status::Declined && posting.kind.is_payment();
        if is_declined && !owns(posting.destination) && !viewer.reads_all() {
            view.to_account_id = None;
        }
        if !viewer.reads_all() {
            let asked = posting.asked_for() == viewer.subject;
            let legs = posting.legs.iter();
            let seen = legs.filter(|leg| asked || owns(leg.account)).map(|leg| {
                let mut leg_view = LegView::new(leg);
                if is_declined && !owns(leg.account) {
                    leg_view.account_id = None;
                }
                leg_view
            });
            view.entries = seen.collect();
        }
        if viewer.reads_all() {
            view.denied_by.clone_from(&posting.denied_by);
            view.request_id.clone_from(&posting.request_id);
        } else if posting.asked_for() != viewer.subject && !owns_source {
            view.metadata = None;
        }
        Ok(view)
    }

    fn add_resolution(&mut self, posting: &Posting) {
        let Some(resolution) = posting.resolution else {
            return;
        };
        self.status = status_after(resolution.kind);
        if resolution.kind == Kind::Reversal {
            self.reversed_by = Some(resolution.id);
            return;
        }
        if resolution.kind == Kind::Capture {
            self.posted_at = Some(format_rfc3339(resolution.recorded_at_ms));
            self.captured_amount = resolution.amount.map(|amount| amount.to_string());
        }
        self.resolved_by = Some(resolution.id);
    }
}

/// A decision of the ledger, for programs that follow it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Event {
    /// Its place in the journal; it grows from event to event, with gaps for events of other users.
    pub sequence: u64,
    /// Its type.
    #[schema(schema_with = type_words)]
    pub r#type: &'static str,
    /// The time of the decision.
    #[schema(value_type = Timestamp)]
    pub created_at: String,
    /// The transaction at that time; its resolution is another event.
    pub data: TransactionView,
}

impl Event {
    /// The event of a posting; `data` is its view.
    pub fn new(posting: &Posting, data: TransactionView) -> Self {
        Self {
            sequence: posting.sequence,
            r#type: event_type(posting),
            created_at: format_rfc3339(posting.recorded_at_ms),
            data,
        }
    }
}

fn type_words() -> Object {
    words(EVENT_TYPES.iter().copied())
}

/// Every type of event. A released name never changes: programs compare it.
pub const EVENT_TYPES: &[&str] = &[
    "deposit.posted",
    "deposit.declined",
    "withdrawal.posted",
    "withdrawal.declined",
    "transfer.posted",
    "transfer.declined",
    "transfer.reversed",
    "reversal.declined",
    "hold.placed",
    "hold.declined",
    "hold.captured",
    "capture.declined",
    "hold.voided",
    "void.declined",
    "hold.expired",
    "posting.posted",
    "posting.declined",
];

/// The type of a posting's event.
pub fn event_type(posting: &Posting) -> &'static str {
    match (posting.kind, posting.status == Status::Declined) {
        (Kind::Deposit, false) => "deposit.posted",
        (Kind::Deposit, true) => "deposit.declined",
        (Kind::Withdrawal, false) => "withdrawal.posted",
        (Kind::Withdrawal, true) => "withdrawal.declined",
        (Kind::Transfer, false) => "transfer.posted",
        (Kind::Transfer, true) => "transfer.declined",
        (Kind::Reversal, false) => "transfer.reversed",
        (Kind::Reversal, true) => "reversal.declined",
        (Kind::Hold, false) => "hold.placed",
        (Kind::Hold, true) => "hold.declined",
        (Kind::Capture, false) => "hold.captured",
        (Kind::Capture, true) => "capture.declined",
        (Kind::Void, false) => "hold.voided",
        (Kind::Void, true) => "void.declined",
        // The ledger never declines an expiry.
        (Kind::Expiry, _) => "hold.expired",
        (Kind::Posting, false) => "posting.posted",
        (Kind::Posting, true) => "posting.declined",
    }
}

#[cfg(test)]
mod tests;
