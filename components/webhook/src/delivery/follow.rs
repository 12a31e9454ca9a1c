//! Makes deliveries of the journal's rows.

use super::rows;
use crate::Error;
use crate::webhook::{self, Webhook};
use strongroom_ledger_api::view::event_type;
use strongroom_ledger_api::{Journal, Posting};
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// How many rows of the journal one commit takes, so that the writer's turn is short.
const PAGE_ROWS: u32 = 200;
/// How many pages one tick takes for a webhook, so that a tick is short.
const PAGES_MAX: usize = 10;
/// How many deliveries of a webhook may be pending. With more its cursor stands still, so that a
/// receiver that is gone does not fill the store. Nothing is lost, as the journal keeps everything.
pub const PENDING_MAX: i64 = 1_000;

const FARTHEST: &str = "SELECT coalesce(max(cursor), 0) FROM webhook";

const PASSED: &str = "\
SELECT webhook.key, webhook.cursor, passed.id
FROM webhook JOIN webhook_passed AS passed ON passed.webhook_key = webhook.key
WHERE webhook.deleted_at_ms IS NULL AND webhook.ended_at_ms IS NULL";

/// The rows of the journal after a place.
struct JournalPage {
    after: u64,
    rows: Vec<Posting>,
}

/// Moves the cursor of each webhook, and inserts the deliveries of what it passes.
pub(super) fn follow<S: Store, J: Journal>(
    store: &S,
    journal: &J,
    webhooks: &[Webhook],
    now_ms: i64,
) -> Result<(), Error> {
    // Most webhooks stand at the same place, so the page is kept for the next one.
    let mut page = None;
    for webhook in webhooks {
        let mut webhook = webhook.clone();
        for _ in 0..PAGES_MAX {
            if rows::count_pending(store, webhook.key, PENDING_MAX)? >= PENDING_MAX {
                break;
            }
            let after = webhook.cursor;
            let current = match page.take().filter(|page: &JournalPage| page.after == after) {
                Some(current) => current,
                None => JournalPage {
                    after,
                    rows: journal.journal(after, PAGE_ROWS)?,
                },
            };
            let has_taken = take(store, &mut webhook, &current.rows, now_ms)?;
            page = Some(current);
            if !has_taken {
                break;
            }
        }
    }
    Ok(())
}

/// Refuses a store with a webhook that has followed the journal further than the journal goes, or
/// another journal, such as in a copy of a running bank.
pub fn check_place<S: Store>(store: &S, journal: &impl Journal) -> Result<(), Error> {
    let cursor = store.query(FARTHEST, &[])?.number()?.unsigned_abs();
    let head = journal.head()?;
    if cursor > head {
        return Err(Error::Ahead { cursor, head });
    }
    match of_another_journal(store, journal)?.first() {
        Some(&Place { cursor, .. }) => Err(Error::OtherJournal { cursor }),
        None => Ok(()),
    }
}

/// How far a webhook has followed the journal.
pub(crate) struct Place {
    pub(crate) key: i64,
    pub(crate) cursor: u64,
}

/// The places of active webhooks at which the journal has another posting than they have passed.
pub(crate) fn of_another_journal<S: Store>(
    store: &S,
    journal: &impl Journal,
) -> Result<Vec<Place>, Error> {
    let mut others = Vec::new();
    for row in store.query(PASSED, &[])? {
        let (key, cursor) = (row.integer(0)?, row.integer(1)?.unsigned_abs());
        let found = journal.journal(cursor.saturating_sub(1), 1)?;
        let found = found.first().filter(|found| found.sequence == cursor);
        if found.map(|found| found.id) != Some(row.uuid(2)?) {
            others.push(Place { key, cursor });
        }
    }
    Ok(others)
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
    // An administrator may have changed or ended it since, and another generation may have passed
    // the page.
    let current = webhook::find(&transaction, webhook.id)?;
    let current = current.filter(|current| current.is_active() && current.cursor == webhook.cursor);
    let Some(current) = current else {
        return Ok(false);
    };
    webhook::move_cursor(&transaction, current.key, last)?;
    for posting in page {
        let event_type = event_type(posting);
        if current.wants(event_type) {
            rows::insert(
                &transaction,
                current.key,
                posting.sequence,
                event_type,
                now_ms,
            )?;
        }
    }
    transaction.commit()?;
    webhook.cursor = last.sequence;
    Ok(true)
}
