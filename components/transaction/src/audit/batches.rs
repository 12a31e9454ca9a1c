//! Batches: what was told of each line is what the ledger recorded of it, and of a line that was refused it moved nothing.
//!
//! The lines themselves are gone when a batch is answered. So the answer is made once more from what it says of itself: which lines it
//! has, and why those were refused of which nothing is recorded.

use super::AuditError;
use super::requests::{ANSWERED_COLUMNS, Answered, Requests};
use crate::api::answer_again;
use crate::event::{Journal, PAGE_MAX};
use crate::ledger::{Ledger, Outcome, Posting};
use crate::request::{Refusal, line_fingerprint, line_id};
use serde::Deserialize;
use std::collections::HashMap;
use strongroom_sdk::audit::Pages;
use strongroom_sdk::store::{Store, StoreError, Value};
use uuid::Uuid;

/// How many are read at once: an answer of a thousand lines has some 500 KiB.
const PAGE_BATCHES: usize = 4;

/// The answer to a batch, as far as it is not made of the ledger's record.
#[derive(Deserialize)]
struct Told {
    atomic: bool,
    outcomes: Vec<ToldLine>,
}

#[derive(Deserialize)]
struct ToldLine {
    status: LineStatus,
    #[serde(default)]
    code: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    pointer: String,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum LineStatus {
    Posted,
    Declined,
    Refused,
}

/// Checks every batch that has its answer.
pub(super) fn check<S: Store, L: Ledger + Journal>(
    store: &S,
    ledger: &L,
    requests: &mut Requests,
) -> Result<(), AuditError> {
    let sql = format!(
        "SELECT {ANSWERED_COLUMNS} FROM intent WHERE route = 'batch' AND state = 'final' AND sequence > ?1 ORDER BY sequence LIMIT ?2"
    );
    for row in Pages::new(store, sql, [Value::from(i64::MIN)], PAGE_BATCHES) {
        let row = row?;
        match Answered::from_row(&row) {
            Ok(batch) => judge(ledger, &batch, requests)?,
            Err(StoreError::Row(error)) => {
                let sequence = row.integer(0)?;
                requests
                    .answers
                    .require(false, || format!("intent {sequence}: {error}"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn judge<L: Ledger + Journal>(
    ledger: &L,
    batch: &Answered,
    requests: &mut Requests,
) -> Result<(), AuditError> {
    let (sequence, id) = (batch.sequence, batch.id);
    let told: Told = match serde_json::from_str(&batch.answer.body) {
        Ok(told) => told,
        Err(error) => {
            requests.answers.require(false, || {
                format!("intent {sequence} ({id}): its answer is none to a batch: {error}")
            });
            return Ok(());
        }
    };
    let ids: Vec<Uuid> = (0..told.outcomes.len())
        .map(|index| line_id(id, index))
        .collect();
    let mut lines = Vec::with_capacity(ids.len());
    let postings = postings_of(ledger, &ids)?;
    for (index, (line, posting)) in told.outcomes.into_iter().zip(postings).enumerate() {
        if line.status == LineStatus::Refused {
            let has_moved =
                posting.is_some_and(|posting| !matches!(posting.outcome, Outcome::Declined(_)));
            requests.answers.require(!has_moved, || {
                format!("intent {sequence} ({id}): its line {index} was told to be refused, and was posted")
            });
            lines.push(Err(Refusal {
                code: line.code,
                pointer: line.pointer,
                detail: line.detail,
            }));
            continue;
        }
        let Some(posting) = posting else {
            requests.answers.require(false, || {
                format!("intent {sequence} ({id}): the ledger has nothing of its line {index}")
            });
            return Ok(());
        };
        let is_asked_for = posting.initiator == batch.principal
            && posting.fingerprint == Some(line_fingerprint(&batch.fingerprint, index));
        requests.answers.require(is_asked_for, || {
            format!("intent {sequence} ({id}): the ledger has decided another request as its line {index}")
        });
        lines.push(Ok(posting));
    }
    requests.compare(batch, answer_again(id, told.atomic, lines));
    Ok(())
}

/// What the ledger has of the lines of a batch. They were recorded in one commit, so they are neighbours in the journal: only where that
/// is not so each is looked up by itself.
pub(super) fn postings_of<L: Ledger + Journal>(
    ledger: &L,
    ids: &[Uuid],
) -> Result<Vec<Option<Posting>>, AuditError> {
    let mut known: HashMap<Uuid, Posting> = HashMap::new();
    let mut postings = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        if let Some(posting) = known.remove(id) {
            postings.push(Some(posting));
            continue;
        }
        let found = ledger.lookup(*id)?;
        if let Some(posting) = &found {
            let left = u32::try_from(ids.len() - index - 1).unwrap_or(PAGE_MAX);
            if known.is_empty() && left > 0 {
                let neighbours = ledger.journal(posting.sequence, left.min(PAGE_MAX))?;
                known.extend(neighbours.into_iter().map(|posting| (posting.id, posting)));
            }
        }
        postings.push(found.map(|posting| Posting {
            resolution: None,
            ..posting
        }));
    }
    Ok(postings)
}
