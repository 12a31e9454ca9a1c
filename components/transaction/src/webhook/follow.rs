//! From the journal to deliveries.

use super::record::Webhook;
use super::rows;
use crate::event::{Journal, event_type};
use crate::ledger::{LedgerError, Posting};
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// How many rows of the journal are taken in one commit, so that the writer's turn is short.
const PAGE_ROWS: u32 = 200;
/// How many of these one tick takes for a webhook, so that a tick is short too.
const PAGES_MAX: usize = 10;
/// How many deliveries may wait for a webhook. With more its cursor stands still, so that a receiver who is gone does not fill the store;
/// nothing is lost, as the journal keeps it all.
pub const PENDING_MAX: i64 = 1_000;

/// Why following or sending stopped; it goes on at the next tick.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] LedgerError),
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Moves the cursor of each webhook, and notes what is to be delivered.
///
/// # Errors
/// [`FollowError`].
pub fn follow<S: Store, J: Journal>(
    store: &S,
    journal: &J,
    webhooks: &[Webhook],
    now_ms: i64,
) -> Result<(), FollowError> {
    // Most webhooks stand at the same place.
    let mut page: (u64, Vec<Posting>) = (u64::MAX, Vec::new());
    for webhook in webhooks {
        let mut webhook = webhook.clone();
        for _ in 0..PAGES_MAX {
            if rows::count_pending(store, webhook.key, PENDING_MAX)? >= PENDING_MAX {
                break;
            }
            if page.0 != webhook.cursor {
                page = (webhook.cursor, journal.journal(webhook.cursor, PAGE_ROWS)?);
            }
            if !take(store, &mut webhook, &page.1, now_ms)? {
                break;
            }
        }
    }
    Ok(())
}

/// Takes a page; false if there is no more for now.
fn take<S: Store>(
    store: &S,
    webhook: &mut Webhook,
    page: &[Posting],
    now_ms: i64,
) -> Result<bool, StoreError> {
    let Some(last) = page.last() else {
        return Ok(false);
    };
    let transaction = store.begin()?;
    if !rows::move_cursor(&transaction, webhook, last.sequence)? {
        // Deleted, or a new generation has taken over and this page with it.
        return Ok(false);
    }
    for posting in page {
        let event_type = event_type(posting);
        if webhook.wants(event_type) {
            let event = (posting.sequence, event_type);
            rows::insert_delivery(&transaction, webhook.key, event, now_ms)?;
        }
    }
    transaction.commit()?;
    webhook.cursor = last.sequence;
    Ok(true)
}

/// The journal's last place, 0 if it is empty: a new webhook begins behind it. Sequences have no gaps, so it is searched by halves.
///
/// # Errors
/// [`LedgerError`].
pub fn head<J: Journal>(journal: &J) -> Result<u64, LedgerError> {
    let is_behind = |place: u64| journal.journal(place, 1).map(|rows| rows.is_empty());
    let mut beyond = 1;
    while !is_behind(beyond)? {
        beyond = beyond.saturating_mul(2);
    }
    let mut low = 0;
    while low < beyond {
        let middle = low + (beyond - low) / 2;
        if is_behind(middle)? {
            beyond = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}
