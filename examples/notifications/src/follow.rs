//! Copies the journal's postings to the table, as notifications.
//!
//! The notices of a posting and the cursor after it are one commit, so that each is written once,
//! even after a crash. The journal is read before the transaction begins: the host refuses link
//! calls of a guest that holds the writer.

use crate::notification::notices;
use crate::rows;
use strongroom_ledger_api::{LedgerError, Posting};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// The postings of a page, so that its write transaction is short.
pub const PAGE_POSTINGS: u32 = 200;
/// The most pages of a tick, so that it is short too: a long journal takes several ticks.
pub const TICK_PAGES_MAX: usize = 10;

/// Why a tick has stopped; the next one continues.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] LedgerError),
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes the new postings of the journal, and returns how many. `journal` reads it, as
/// [`Journal::journal`](strongroom_ledger_api::Journal::journal) does.
///
/// # Errors
/// [`FollowError`].
pub fn tick<S: Store>(
    store: &S,
    journal: impl Fn(u64, u32) -> Result<Vec<Posting>, LedgerError>,
    clock: &impl Clock,
    random: &impl Random,
) -> Result<usize, FollowError> {
    let mut count = 0;
    for _page in 0..TICK_PAGES_MAX {
        let taken = take_page(store, &journal, clock, random)?;
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
    clock: &impl Clock,
    random: &impl Random,
) -> Result<usize, FollowError> {
    let after = rows::cursor(store)?;
    let postings = journal(after, PAGE_POSTINGS)?;
    let Some(last) = postings.last() else {
        return Ok(0);
    };
    let transaction = store.begin()?;
    if !rows::move_cursor(&transaction, after, last.sequence)? {
        // The old generation may tick once more during a swap: the new one has taken this page.
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
