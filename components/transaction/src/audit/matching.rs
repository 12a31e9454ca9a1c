//! What has an outcome here, met with the ledger's journal, page by page.
//!
//! The journal is walked from the time of the oldest request that is kept until everything is met. What the walk does not meet is looked up
//! by itself: it is older than that, as payments of standing orders may be, or the ledger does not know it.

use super::AuditError;
use crate::event::{Journal, PAGE_MAX};
use crate::ledger::{Ledger, LedgerError, Posting};
use crate::webhook;
use std::collections::HashMap;
use strongroom_sdk::audit::Pages;
use strongroom_sdk::store::{Row, Store, StoreError, Value};
use uuid::Uuid;

/// How many ids one question names: as many answers, of some KiB each, are less than the host answers at once.
const IDS_MAX: usize = 500;
/// How many places are read at a time.
const PAGE_PLACES: usize = 5_000;
/// How many counters tell what was not met. More of them and fewer rows are looked up again to find those.
const COUNTERS: usize = 1 << 16;

const OLDEST: &str =
    "SELECT min(created_at_ms) FROM intent WHERE state = 'final' AND route <> 'batch'";

/// Rows that the ledger has decided, each under an id of the ledger's.
pub(super) trait Decided {
    /// What they are selected from, and by which condition.
    const FROM: &'static str;
    /// The columns that are their place among all, and their id.
    const PLACE_AND_ID: [&'static str; 2];
    /// What [`Decided::judge`] reads.
    fn columns() -> String;
    /// Judges a row, its place and its id before those columns, by what the ledger has under the id.
    fn judge(&mut self, row: Row, posting: &Posting) -> Result<(), StoreError>;
    /// Notes that the ledger has nothing under the id of a row.
    fn note_unknown(&mut self, place: i64, id: Uuid);
    /// Whether no more broken rows are noted.
    fn is_full(&self) -> bool;
}

/// Meets two kinds of rows with the journal.
pub(super) fn check<S: Store, L: Ledger + Journal>(
    store: &S,
    ledger: &L,
    requests: &mut impl Decided,
    payments: &mut impl Decided,
) -> Result<(), AuditError> {
    let mut open_requests = Unmet::of(store, requests)?;
    let mut open_payments = Unmet::of(store, payments)?;
    let oldest = store.query(OLDEST, &[])?.first();
    let oldest = oldest
        .map(|row| row.optional(0, Row::integer))
        .transpose()?;
    if let Some(oldest_ms) = oldest.flatten() {
        let mut after = place_before(ledger, oldest_ms)?;
        while open_requests.left > 0 || open_payments.left > 0 {
            let page = ledger.journal(after, PAGE_MAX)?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            for part in page.chunks(IDS_MAX) {
                open_requests.meet(store, part, requests)?;
                open_payments.meet(store, part, payments)?;
            }
        }
    }
    open_requests.look_up(store, ledger, requests)?;
    open_payments.look_up(store, ledger, payments)
}

/// The last place of the journal that was recorded before a time; times never go back along it.
fn place_before<J: Journal>(journal: &J, time_ms: i64) -> Result<u64, LedgerError> {
    let (mut low, mut high) = (0, webhook::head(journal)?);
    while low < high {
        let middle = low + (high - low) / 2;
        match journal.journal(middle, 1)?.first() {
            Some(posting) if posting.recorded_at_ms < time_ms => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Counts the rows that were not met yet, by their places, so that those can be told in the end without keeping each.
struct Unmet {
    left: i64,
    counters: Vec<i32>,
    /// The rows of some ids.
    by_ids: String,
    /// The rows behind a place.
    by_place: String,
}

impl Unmet {
    fn of<S: Store, D: Decided>(store: &S, _: &D) -> Result<Self, StoreError> {
        let [place, id] = D::PLACE_AND_ID;
        let from = D::FROM;
        let select = format!("SELECT {place}, {id}, {} FROM {from}", D::columns());
        let parameters: Vec<String> = (1..=IDS_MAX).map(|number| format!("?{number}")).collect();
        let behind = format!("AND {place} > ?1 ORDER BY {place} LIMIT ?2");
        let mut unmet = Self {
            left: 0,
            counters: vec![0; COUNTERS],
            by_ids: format!("{select} AND {id} IN ({})", parameters.join(",")),
            by_place: format!("{select} {behind}"),
        };
        let places = format!("SELECT {place} FROM {from} {behind}");
        for row in Pages::new(store, places, [Value::from(i64::MIN)], PAGE_PLACES) {
            *unmet.counter(row?.integer(0)?) += 1;
            unmet.left += 1;
        }
        Ok(unmet)
    }

    fn counter(&mut self, place: i64) -> &mut i32 {
        let index = place.rem_euclid(COUNTERS as i64);
        &mut self.counters[index as usize]
    }

    /// Judges the rows that a part of the journal decides.
    fn meet<S: Store, D: Decided>(
        &mut self,
        store: &S,
        part: &[Posting],
        rows: &mut D,
    ) -> Result<(), StoreError> {
        if self.left <= 0 {
            return Ok(());
        }
        let by_id: HashMap<Uuid, &Posting> =
            part.iter().map(|posting| (posting.id, posting)).collect();
        let mut ids: Vec<Value> = part.iter().map(|posting| posting.id.into()).collect();
        ids.resize(IDS_MAX, Value::Null);
        for row in store.query(&self.by_ids, &ids)? {
            let (place, id) = (row.integer(0)?, row.uuid(1)?);
            if let Some(posting) = by_id.get(&id) {
                rows.judge(row, posting)?;
                *self.counter(place) -= 1;
                self.left -= 1;
            }
        }
        Ok(())
    }

    /// Looks up what was not met, and maybe some that was.
    fn look_up<S: Store, L: Ledger, D: Decided>(
        mut self,
        store: &S,
        ledger: &L,
        rows: &mut D,
    ) -> Result<(), AuditError> {
        if self.counters.iter().all(|counter| *counter == 0) {
            return Ok(());
        }
        let sql = std::mem::take(&mut self.by_place);
        for row in Pages::new(store, sql, [Value::from(i64::MIN)], IDS_MAX) {
            let row = row?;
            let (place, id) = (row.integer(0)?, row.uuid(1)?);
            if *self.counter(place) == 0 {
                continue;
            }
            if rows.is_full() {
                break;
            }
            match ledger.lookup(id)? {
                Some(posting) => rows.judge(row, &posting)?,
                None => rows.note_unknown(place, id),
            }
        }
        Ok(())
    }
}
