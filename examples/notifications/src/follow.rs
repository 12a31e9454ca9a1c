//! From the journal to the table.
//!
//! The notices of a posting and the cursor behind it are committed together, so that whatever crashes, each is written once. The
//! journal is read before the transaction begins: the host refuses link calls of whoever holds the writer.

use crate::notification::notices;
use crate::rows;
use strongroom_ledger_api::{LedgerError, Posting};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// How many postings are taken at once, so that the writer's turn is short.
pub const PAGE_POSTINGS: u32 = 200;
/// How many pages one tick takes, so that a tick is short too: a long journal is the work of several.
pub const TICK_PAGES_MAX: usize = 10;

/// Why following stopped; it goes on at the next tick.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] LedgerError),
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes what is new in the journal, and returns how many postings that was. `journal` reads it, as
/// [`Journal::journal`](strongroom_ledger_api::Journal::journal) does.
///
/// # Errors
/// [`FollowError`].
pub fn tick<S: Store>(
    store: &S,
    journal: impl Fn(u64, u32) -> Result<Vec<Posting>, LedgerError>,
    sources: (&impl Clock, &impl Random),
) -> Result<usize, FollowError> {
    let mut count = 0;
    for _page in 0..TICK_PAGES_MAX {
        let taken = take_page(store, &journal, sources)?;
        count += taken;
        if taken < PAGE_POSTINGS as usize {
            break;
        }
    }
    Ok(count)
}

fn take_page<S: Store>(
    store: &S,
    journal: impl Fn(u64, u32) -> Result<Vec<Posting>, LedgerError>,
    (clock, random): (&impl Clock, &impl Random),
) -> Result<usize, FollowError> {
    let after = rows::cursor(store)?;
    let postings = journal(after, PAGE_POSTINGS)?;
    let Some(last) = postings.last() else {
        return Ok(0);
    };
    let transaction = store.begin()?;
    if !rows::move_cursor(&transaction, after, last.sequence)? {
        // While a new generation takes over, the old one may tick once more: the other has taken this page.
        return Ok(0);
    }
    for posting in &postings {
        for notice in notices(posting) {
            rows::insert(&transaction, random.uuid_v7(clock), posting, &notice)?;
        }
    }
    transaction.commit()?;
    Ok(postings.len())
}
