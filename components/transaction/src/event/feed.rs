//! `GET /events`: the journal from a place on, as far as the reader may see it.

use crate::api::may_read;
use crate::view::unavailable;
use strongroom_ledger_api::view::{Event, TransactionView};
use strongroom_ledger_api::{JOURNAL_LIMIT_MAX, Journal};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::problem::Problem;

/// How many rows of the journal one request looks at, however few of them are the reader's: the next request goes on from there.
pub const SCAN_MAX: usize = 4_000;

/// `GET /events`: customers see what they may `GET`, one by one; staff see all. The next page
/// begins behind the last row that was looked at, the reader's or not.
///
/// # Errors
/// 422 for the limit; 503 where the ledger does not respond.
pub fn read<J: Journal>(
    journal: &J,
    identity: &Identity,
    query: OnwardQuery,
) -> Result<OnwardList<Event>, Problem> {
    let page = query.page()?;
    let mut after = page.after.unsigned_abs();
    let mut data = Vec::new();
    let mut scanned = 0;
    let has_more = 'scan: loop {
        if scanned >= SCAN_MAX {
            break true;
        }
        let rows = journal
            .journal(after, page_rows(identity, page.limit, SCAN_MAX - scanned))
            .map_err(unavailable)?;
        for posting in &rows {
            if data.len() == page.limit {
                break 'scan true;
            }
            if may_read(identity, posting) {
                let view = TransactionView::for_viewer(posting, identity)?;
                data.push(Event::new(posting, view));
            }
            after = posting.sequence;
        }
        // A page of long texts is shorter than what was asked for: only an empty one is the end.
        if rows.is_empty() {
            break false;
        }
        scanned += rows.len();
    };
    Ok(OnwardList {
        data,
        next_after_sequence: after,
        has_more,
    })
}

/// How many rows to ask for at once, of those that may still be looked at: of staff each is an event, and one more tells whether there are
/// more; of others few are.
fn page_rows(identity: &Identity, limit: usize, rows_left: usize) -> u32 {
    let wanted = if identity.is_staff() {
        limit.saturating_add(1)
    } else {
        rows_left
    };
    u32::try_from(wanted.min(rows_left))
        .map_or(JOURNAL_LIMIT_MAX, |rows| rows.min(JOURNAL_LIMIT_MAX))
}
