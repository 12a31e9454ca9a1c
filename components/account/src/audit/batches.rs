//! I10: checks the batches and their hash chain. Each line is a row of the journal or a refusal.

use crate::ledger::{BATCH_COLUMNS, BATCH_HASH_COLUMN, BatchRow};
use std::collections::HashMap;
use strongroom_ledger_api::{Actor, ActorKind, line_fingerprint, line_id};
use strongroom_sdk::audit::{ChainWalk, Check, Pages, Report};
use strongroom_sdk::store::{Row, Store, StoreError, Value};
use uuid::Uuid;

/// The batches of one query: the refusals of one may have 500 KiB.
const PAGE_BATCHES: usize = 4;

/// What a batch says of its lines, from the journal: its other columns are the journal's affair.
const LINES: &str = "\
SELECT id, fingerprint, actor_kind, actor_id, on_behalf_of_id, requested_at_ms, recorded_at_ms,
    status = 'posted'
FROM transfer WHERE id BETWEEN ?1 AND ?2";

const HEAD: &str = "SELECT sequence, hash FROM batch_head WHERE singleton = 1";

/// Ids that a file has twice although an index forbids it, or the ledger.
const TWICE: &str = "\
SELECT max(sequence) FROM batch GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT batch.sequence FROM batch JOIN transfer ON transfer.id = batch.id LIMIT 20";

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
    let mut recorded: HashMap<Uuid, RecordedLine> = HashMap::new();
    for row in store.query(LINES, &batch.ids_of_lines())? {
        // A broken row is a violation of the journal.
        if let Ok(line) = RecordedLine::from_row(&row) {
            recorded.insert(line.id, line);
        }
    }
    let count = recorded.len();
    let posted = recorded.values().filter(|line| line.is_posted).count();
    for index in 0..batch.lines {
        let line = recorded.remove(&line_id(batch.id, index));
        check.examine();
        let is_so = match (&line, refusals.contains_key(&index)) {
            (Some(line), false) => {
                line.fingerprint == line_fingerprint(&batch.fingerprint, index)
                    && line.actor == batch.actor
                    && line.on_behalf_of == batch.on_behalf_of
                    && line.requested_at_ms == batch.requested_at_ms
                    && line.recorded_at_ms == batch.recorded_at_ms
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
    let is_all = recorded.is_empty() && count + refusals.len() == batch.lines;
    check.require(is_all && count > 0, || {
        format!(
            "batch {sequence} ({}): the journal or its refusals have other lines of it, or none are recorded",
            batch.id
        )
    });
    let is_whole = count == batch.lines && (posted == 0 || posted == count);
    check.require(!batch.atomic || is_whole, || {
        format!(
            "batch {sequence} ({}): is atomic, and {posted} of its {} lines are posted",
            batch.id, batch.lines
        )
    });
    Ok(())
}

/// A line as the journal has it.
struct RecordedLine {
    id: Uuid,
    fingerprint: [u8; 32],
    actor: Actor,
    on_behalf_of: Option<Uuid>,
    requested_at_ms: i64,
    recorded_at_ms: i64,
    is_posted: bool,
}

impl RecordedLine {
    /// Reads a row of [`LINES`].
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.uuid(0)?,
            fingerprint: row.bytes32(1)?,
            actor: Actor {
                kind: ActorKind::from_row(row, 2)?,
                id: row.uuid(3)?,
            },
            on_behalf_of: row.optional(4, Row::uuid)?,
            requested_at_ms: row.integer(5)?,
            recorded_at_ms: row.integer(6)?,
            is_posted: row.integer(7)? == 1,
        })
    }
}
