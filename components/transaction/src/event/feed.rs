//! `GET /events`: the journal from a place on, as far as the reader may see it.

use crate::api::may_read;
use crate::view::unavailable;
use serde::{Deserialize, Serialize};
use strongroom_ledger_api::view::{Event, TransactionView};
use strongroom_ledger_api::{JOURNAL_LIMIT_MAX, Journal};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::problem::Problem;

/// How many events are answered unless the reader says otherwise.
pub const LIMIT_DEFAULT: usize = 100;
/// The most events that are answered at once.
pub const LIMIT_MAX: usize = 1_000;
/// How many rows of the journal one request looks at, however few of them are the reader's: the next request goes on from there.
pub const SCAN_MAX: usize = 4_000;

/// The parameters of `GET /events`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    /// The place up to which the reader has seen the journal; 0 for all of it.
    #[serde(default)]
    pub after_sequence: u64,
    /// How many events to answer.
    pub limit: Option<usize>,
}

/// A part of the journal.
#[derive(Debug, Clone, Serialize)]
pub struct EventPage {
    /// The reader's events in it, oldest first.
    pub data: Vec<Event>,
    /// What to send as `after_sequence` next: behind the last row that was looked at, the reader's or not.
    pub next_after_sequence: u64,
    /// Whether there is more to read at once. Otherwise this was the journal's end, for now.
    pub has_more: bool,
}

/// `GET /events`: customers see what they may `GET`, one by one; staff see all.
///
/// # Errors
/// 422 for the limit; 503 where the ledger does not respond.
pub fn read<J: Journal>(
    journal: &J,
    identity: &Identity,
    query: EventQuery,
) -> Result<EventPage, Problem> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let detail = format!("must be a whole number from 1 to {LIMIT_MAX}");
        return Err(Problem::invalid("/limit", detail));
    }
    // SQLite's integers are signed; no journal is that long.
    let mut after = query.after_sequence.min(i64::MAX.unsigned_abs());
    let mut data = Vec::new();
    let mut scanned = 0;
    let has_more = 'scan: loop {
        if scanned >= SCAN_MAX {
            break true;
        }
        let page = journal
            .journal(after, page_rows(identity, limit, SCAN_MAX - scanned))
            .map_err(|error| unavailable(&error))?;
        for posting in &page {
            if data.len() == limit {
                break 'scan true;
            }
            if may_read(identity, posting) {
                let view = TransactionView::for_viewer(posting, identity)?;
                data.push(Event::new(posting, view));
            }
            after = posting.sequence;
        }
        // A page of long texts is shorter than what was asked for: only an empty one is the end.
        if page.is_empty() {
            break false;
        }
        scanned += page.len();
    };
    Ok(EventPage {
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
