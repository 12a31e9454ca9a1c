//! Posting many transfers in one commit.
//!
//! The ledger decides each as [`post`](super::post()) does, on the balances that the transfers
//! before it have left. It reads the store once, before all decisions, and writes once, after them.

mod plan;
mod record;
pub(super) mod state;

pub(super) use record::find as find_batch;
pub(crate) use record::{BATCH_COLUMNS, BATCH_HASH_COLUMN, BatchRow};

use super::post::in_transaction;
use super::validate::validate;
use super::write;
use plan::BatchPlan;
use record::BatchHead;
use state::BatchState;
use strongroom_ledger_api::{BATCH_LINES_MAX, Batch, BatchReply, Kind, LedgerError, Transfer};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::Store;

/// Decides on the transfers of a batch in their order, and records the decisions and the batch, in
/// one transaction; returns the recorded outcomes where the batch is known.
///
/// Where no line is posted or declined, nothing is recorded. An atomic batch is posted whole or not
/// at all. Where the ledger refuses one of its lines, it records nothing, and refuses the others
/// with `batch_refused`. Where it declines one, it records all as declined, the others with
/// [`Decline::BatchDeclined`](strongroom_ledger_api::Decline::BatchDeclined).
///
/// # Errors
/// [`LedgerError`], such as [`LedgerError::IdReused`], of the batch as a whole; nothing is
/// recorded.
pub fn post_batch<S: Store>(
    store: &S,
    clock: &impl Clock,
    batch: &Batch,
) -> Result<BatchReply, LedgerError> {
    if !(1..=BATCH_LINES_MAX).contains(&batch.instruction.lines.len()) {
        return Err(LedgerError::invalid("lines"));
    }
    in_transaction(store, |transaction| {
        let heads = BatchHead::read(transaction, batch.id)?;
        if let Some(fingerprint) = heads.known {
            if fingerprint != batch.fingerprint {
                return Err(LedgerError::IdReused);
            }
            let found = record::find(transaction, batch.id)?;
            return Ok(BatchReply {
                outcomes: found.map(|record| record.outcomes).unwrap_or_default(),
                repeated: true,
            });
        }
        let transfers = transfers(batch)?;
        let mut state = BatchState::read(transaction, transfers.iter().flatten())?;
        let mut plan = BatchPlan::new(&heads.journal, clock);
        for (line, transfer) in batch.instruction.lines.iter().zip(&transfers) {
            plan.add(&mut state, line, transfer.as_ref())?;
        }
        if batch.instruction.atomic {
            if plan.has_refusal() {
                plan.refuse_all();
            } else if plan.has_decline() {
                plan.decline_all();
                state.forget_moves();
            }
        }
        if !plan.decisions.is_empty() {
            state.write_balances(transaction)?;
            write::append(transaction, &heads.journal, &plan.decisions)?;
            let recorded_at_ms = plan.moment.recorded_at_ms;
            let refusals = plan.refusals();
            record::insert(transaction, &heads, batch, &refusals, recorded_at_ms)?;
        }
        Ok(plan.into_reply())
    })
}

/// The transfer of each line; none for a line that was refused before.
fn transfers(batch: &Batch) -> Result<Vec<Option<Transfer>>, LedgerError> {
    let lines = 0..batch.instruction.lines.len();
    let transfers: Vec<_> = lines.map(|index| batch.transfer(index)).collect();
    for transfer in transfers.iter().flatten() {
        if transfer.instruction.kind != Kind::Transfer {
            return Err(LedgerError::invalid("kind"));
        }
        validate(transfer)?;
    }
    Ok(transfers)
}
