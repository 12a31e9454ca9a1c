//! `GET /events`: what has happened with money, for programs that follow it.
//!
//! An event is a row of the ledger's journal, as far as the reader may see it. This service stores
//! no events: a reader goes on from the last row that they have seen, and so misses none.

use super::read::may_read;
use crate::view::unavailable;
use strongroom_ledger_api::view::{Event, TransactionView};
use strongroom_ledger_api::{JOURNAL_LIMIT_MAX, Journal};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::problem::Problem;

/// How often one request asks the ledger for rows. The ledger returns few rows at a time where
/// their texts are long; the next request goes on from there.
const PARTS_MAX: usize = 16;
/// The same for a customer, whose rows cost more to find: one part, and the one behind it, which is
/// empty at the end.
pub const PARTS_MAX_OF_CUSTOMERS: usize = 2;

/// `GET /events`: a customer sees the events of what they may `GET` one by one, and who reads all
/// sees all. The next page begins behind the last event.
pub fn events<J: Journal>(
    journal: &J,
    identity: &Identity,
    query: OnwardQuery,
) -> Result<OnwardList<Event>, Problem> {
    let page = query.page()?;
    let parts_max = if identity.reads_all() {
        PARTS_MAX
    } else {
        PARTS_MAX_OF_CUSTOMERS
    };
    let mut after = page.after.unsigned_abs();
    let mut data = Vec::new();
    let mut has_more = true;
    'parts: for _ in 0..parts_max {
        // One more than is missing: it shows whether there are more.
        let missing = page.limit - data.len() + 1;
        let limit =
            u32::try_from(missing).map_or(JOURNAL_LIMIT_MAX, |it| it.min(JOURNAL_LIMIT_MAX));
        let rows = if identity.reads_all() {
            journal.journal(after, limit)
        } else {
            journal.journal_of(identity.subject, after, limit)
        };
        let rows = rows.map_err(unavailable)?;
        // A short part is not the last: only an empty one is the end.
        if rows.is_empty() {
            has_more = false;
            break;
        }
        for posting in &rows {
            if data.len() == page.limit {
                break 'parts;
            }
            if may_read(identity, posting) {
                let view = TransactionView::for_viewer(posting, identity)?;
                data.push(Event::new(posting, view));
            }
            after = posting.sequence;
        }
    }
    Ok(OnwardList {
        data,
        next_after_sequence: after,
        has_more,
    })
}

#[cfg(test)]
mod tests;
