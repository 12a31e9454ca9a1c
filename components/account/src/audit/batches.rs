//! I10: checks the batches and their hash chain. Each line is a row of the journal or a refusal.

use crate::ledger::{BATCH_COLUMNS, BATCH_HASH_COLUMN, BatchRow, JournalRow, LINES};
use std::collections::HashMap;
use strongroom_ledger_api::{Posting, Status, line_fingerprint, line_id};
use strongroom_sdk::audit::{ChainWalk, Check, Pages, Report};
use strongroom_sdk::store::{Store, StoreError, Value};
use uuid::Uuid;

/// The batches of one query: the refusals of one may have 500 KiB.
const PAGE_BATCHES: usize = 4;

const HEAD: &str = "SELECT sequence, hash FROM batch_head WHERE singleton = 1";

/// Ids that a file has twice although an index forbids it.
const TWICE: &str = "SELECT max(sequence) FROM batch GROUP BY id HAVING count(*) > 1 LIMIT 20";

/// Checks every batch, and the chain up to its head.
pub fn check<S: Store>(store: &S, report: &mut Report) -> Result<(), StoreError> {
    let mut chain = ChainWalk::new(
        "the batches have no gaps, and their hash chain verifies up to its head",
        "batch",
    );
    let mut lines = Check::new(
        "every line of a batch is in the journal as the batch has it, or was refused, and an atomic batch was all posted or all declined",
    );
    let sql =
        format!("SELECT {BATCH_COLUMNS} FROM batch WHERE sequence > ?1 ORDER BY sequence LIMIT ?2");
    for row in Pages::new(store, sql, [Value::from(i64::MIN)], PAGE_BATCHES) {
        let row = row?;
        let batch = BatchRow::from_row(&row);
        chain.step(
            row.integer(0)?,
            row.bytes32(BATCH_HASH_COLUMN)?,
            |previous| batch.as_ref().map(|batch| batch.hash(previous)),
        );
        if let Ok(batch) = batch {
            check_lines(store, &batch, &mut lines)?;
        }
    }
    super::require_none(store, &mut chain.check, TWICE, |sequence| {
        format!("batch {sequence}: its id is that of another")
    })?;
    report.checks.push(lines);
    chain.finish(store.query(HEAD, &[])?.first().as_ref(), report)
}

fn check_lines<S: Store>(store: &S, batch: &BatchRow, check: &mut Check) -> Result<(), StoreError> {
    let sequence = batch.sequence;
    let refusals = match batch.refusals() {
        Ok(refusals) => refusals,
        Err(error) => {
            check.violation(format!("batch {sequence}: {error}"));
            return Ok(());
        }
    };
    let mut postings: HashMap<Uuid, Posting> = HashMap::new();
    for row in store.query(LINES, &batch.ids_of_lines())? {
        // A broken row is a violation of the journal.
        if let Ok(row) = JournalRow::from_row(&row) {
            postings.insert(row.posting.id, row.posting);
        }
    }
    let recorded = postings.len();
    let posted = postings.values().filter(|one| one.status == Status::Posted);
    let posted = posted.count();
    for index in 0..batch.lines {
        let posting = postings.remove(&line_id(batch.id, index));
        check.examine();
        let is_so = match (&posting, refusals.contains_key(&index)) {
            (Some(posting), false) => {
                posting.fingerprint == line_fingerprint(&batch.fingerprint, index)
                    && posting.actor == batch.actor
                    && posting.on_behalf_of == batch.on_behalf_of
                    && posting.requested_at_ms == batch.requested_at_ms
                    && posting.recorded_at_ms == batch.recorded_at_ms
            }
            (None, true) => true,
            _ => false,
        };
        check.require(is_so, || {
            format!(
                "batch {sequence} ({}): its line {index} is not what the journal has, or was refused, or both",
                batch.id
            )
        });
    }
    let is_all = postings.is_empty() && recorded + refusals.len() == batch.lines;
    check.require(is_all && recorded > 0, || {
        format!(
            "batch {sequence} ({}): the journal or its refusals have other lines of it, or none are recorded",
            batch.id
        )
    });
    let is_whole = recorded == batch.lines && (posted == 0 || posted == recorded);
    check.require(!batch.atomic || is_whole, || {
        format!(
            "batch {sequence} ({}): is atomic, and {posted} of its {} lines are posted",
            batch.id, batch.lines
        )
    });
    Ok(())
}
