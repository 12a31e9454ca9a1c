//! The calls that read.
//!
//! They read the ledger, so that a client always finds what it has been told was done.

use super::Service;
use super::view::TransactionView;
use crate::drive::{Resolved, resolve};
use crate::intent::{self, State, Stored};
use crate::ledger::{Ledger, LedgerError, Outcome, Posting};
use crate::order::{Decided, Order};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// An intent that has had no outcome for so long was cut off, and is driven on by whoever asks for it.
const STALE_AFTER_MS: i64 = 1_000;

/// The parameters of `GET /`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFilter {
    /// Whose transactions.
    pub account_id: Uuid,
}

/// `GET /{id}`: who asked, the owners of its accounts, and staff. Whoever would have been paid does not see what was declined.
///
/// # Errors
/// 404; 503 where the ledger does not answer.
pub fn get<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    id: Uuid,
) -> Result<Found, Problem> {
    match service.ledger.lookup(id) {
        Ok(Some(posting)) if may_read(identity, &posting) => {
            let view = TransactionView::of_posting(&posting, identity)?;
            let request_id = if identity.is_staff() {
                intent::staff_request(&service.store, id)?
            } else {
                None
            };
            Ok(Found::of(view.asked_in(request_id)))
        }
        Ok(Some(_)) => Err(Problem::not_found()),
        Ok(None) => undecided(service, identity, id),
        Err(error) => Err(unavailable(&error)),
    }
}

/// What the ledger does not know yet, this service may.
fn undecided<S: Store, L: Ledger, C: Clock>(
    service: &Service<S, L, C>,
    identity: &Identity,
    id: Uuid,
) -> Result<Found, Problem> {
    let stored =
        intent::peek(&service.store, id)?.filter(|stored| identity.may_read(stored.principal));
    let accepted = match stored {
        Some(Stored {
            state: State::Accepted(accepted),
            ..
        }) => accepted,
        Some(Stored {
            is_batch: true,
            state: State::Final(answer),
            ..
        }) => return Found::batch(&answer.body),
        _ => return Err(Problem::not_found()),
    };
    let now_ms = service.clock.now_ms();
    if now_ms.saturating_sub(accepted.order.requested_at_ms()) < STALE_AFTER_MS {
        return open(&accepted.order);
    }
    match resolve(&service.store, &service.ledger, &accepted, now_ms) {
        Ok(Resolved { decided, content }) => match decided {
            Decided::Transfer(posting) => {
                TransactionView::of_posting(&posting, identity).map(Found::of)
            }
            Decided::Batch(_) => Found::batch(&content.body),
        },
        Err(error) if error.leaves_open() => open(&accepted.order),
        Err(_) => Err(Problem::not_found()),
    }
}

/// What has no outcome yet.
fn open(order: &Order) -> Result<Found, Problem> {
    match order {
        Order::Transfer(transfer) => TransactionView::of_accepted(transfer).map(Found::of),
        Order::Batch(batch) => Ok(Found::Batch(FoundBatch {
            id: batch.id,
            atomic: batch.instruction.atomic,
            outcomes: None,
        })),
    }
}

/// What an id is.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Found {
    /// A transaction.
    Transaction(Box<TransactionView>),
    /// A batch.
    Batch(FoundBatch),
}

/// A batch, as far as its answer is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FoundBatch {
    id: Uuid,
    atomic: bool,
    /// Null while there are none.
    outcomes: Option<Box<RawValue>>,
}

impl Found {
    fn of(view: TransactionView) -> Self {
        Self::Transaction(Box::new(view))
    }

    /// The batch of which `answer` tells, be it a success or a problem document.
    fn batch(answer: &str) -> Result<Self, Problem> {
        serde_json::from_str(answer)
            .map(Self::Batch)
            .map_err(Problem::internal)
    }
}

/// `GET /?account_id=`: the account's owner, and staff; newest first.
///
/// # Errors
/// 404; 503 where the ledger does not answer.
pub fn list<L: Ledger>(
    ledger: &L,
    identity: &Identity,
    page: &Page<u64, ListFilter>,
) -> Result<List<TransactionView>, Problem> {
    let account_id = page.filter.account_id;
    let owner = ledger
        .owner_of(account_id)
        .map_err(|error| unavailable(&error))?;
    if !owner.is_some_and(|owner| identity.may_read(owner)) {
        return Err(Problem::not_found());
    }
    let limit = u32::try_from(page.fetch()).unwrap_or(u32::MAX);
    let postings = match page.after {
        // Nothing comes before the first; the ledger would take 0 for the newest.
        Some(0) => Vec::new(),
        after => ledger
            .history(account_id, after.unwrap_or(0), limit)
            .map_err(|error| unavailable(&error))?,
    };
    let List {
        data,
        next_cursor,
        has_more,
    } = List::new(postings, page, |posting| posting.sequence);
    let views = data
        .iter()
        .map(|posting| TransactionView::of_posting(posting, identity));
    Ok(List {
        data: views.collect::<Result<_, _>>()?,
        next_cursor,
        has_more,
    })
}

pub(crate) fn may_read(identity: &Identity, posting: &Posting) -> bool {
    let owns = |party: Option<crate::ledger::Party>| {
        party.is_some_and(|party| party.owner_id == identity.subject)
    };
    identity.is_staff()
        || posting.initiator == identity.subject
        || owns(posting.source)
        || (!matches!(posting.outcome, Outcome::Declined(_)) && owns(posting.destination))
}

pub(super) fn unavailable(error: &LedgerError) -> Problem {
    eprintln!("ledger: {error}");
    Problem::unavailable(1)
}
