//! The calls that read.
//!
//! They read the ledger, so that a client always finds what it has been told was done.

use super::Service;
use super::view::TransactionView;
use crate::drive::resolve;
use crate::intent::{self, State};
use crate::ledger::{Ledger, LedgerError, Outcome, Posting};
use serde::Deserialize;
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
) -> Result<TransactionView, Problem> {
    match service.ledger.lookup(id) {
        Ok(Some(posting)) if may_read(identity, &posting) => {
            TransactionView::of_posting(&posting, identity)
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
) -> Result<TransactionView, Problem> {
    let stored =
        intent::peek(&service.store, id)?.filter(|stored| identity.may_read(stored.principal));
    let Some(State::Accepted(accepted)) = stored.map(|stored| stored.state) else {
        return Err(Problem::not_found());
    };
    let now_ms = service.clock.now_ms();
    if now_ms.saturating_sub(accepted.transfer.requested_at_ms) < STALE_AFTER_MS {
        return TransactionView::of_accepted(&accepted);
    }
    match resolve(&service.store, &service.ledger, &accepted, now_ms) {
        Ok(posting) => TransactionView::of_posting(&posting, identity),
        Err(error) if error.leaves_open() => TransactionView::of_accepted(&accepted),
        Err(_) => Err(Problem::not_found()),
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

fn may_read(identity: &Identity, posting: &Posting) -> bool {
    let owns = |party: Option<crate::ledger::Party>| {
        party.is_some_and(|party| party.owner_id == identity.subject)
    };
    identity.is_staff()
        || posting.initiator == identity.subject
        || owns(posting.source)
        || (posting.outcome == Outcome::Posted && owns(posting.destination))
}

fn unavailable(error: &LedgerError) -> Problem {
    eprintln!("ledger: {error}");
    Problem::unavailable(1)
}
