//! Posting many transfers in one commit.
//!
//! Each is decided as [`post`](super::post()) decides it, on the balances that those before it have left. The store is read once before
//! all decisions, and written to once after them.

mod record;
mod state;

pub(super) use record::find as find_batch;
pub(crate) use record::{BATCH_COLUMNS, BATCH_HASH_COLUMN, BatchRow, LINES};

use super::decide::{Question, decide};
use super::journal::{JournalRow, Place};
use super::movement::Movement;
use super::post::in_transaction;
use super::state::{Head, Moment, Standing, parties, permitted};
use super::validate::validate;
use super::write::{self, Decision};
use record::BatchHead;
use state::Book;
use strongroom_ledger_api::{
    BATCH_LINES_MAX, Batch, BatchLine, BatchReply, Decline, Kind, LedgerError, LineOutcome,
    Refusal, Status, Transfer,
};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Store, Transaction as _};

/// Decides on the transfers of a batch in their order and records the decisions and the batch, in one transaction. A batch that is known
/// returns what was recorded before.
///
/// Where no line is posted or declined, nothing is recorded. `atomic`: all are posted, or none is. Where one is refused, nothing is
/// recorded, and the others are refused with `batch_refused`. Where one is declined, all are recorded as declined, the others with
/// [`Decline::BatchDeclined`].
///
/// # Errors
/// [`LedgerError`], such as [`LedgerError::IdReused`], of the batch as a whole; nothing is recorded.
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
            let found = record::find(|sql, params| transaction.query(sql, params), batch.id)?;
            return Ok(BatchReply {
                outcomes: found.map(|record| record.outcomes).unwrap_or_default(),
                repeated: true,
            });
        }
        let lines = transfers(batch)?;
        let mut book = Book::read(transaction, lines.iter().flatten())?;
        let mut draft = Draft::new(&heads.journal, clock);
        for (line, transfer) in batch.instruction.lines.iter().zip(&lines) {
            draft.add(&mut book, line, transfer.as_ref())?;
        }
        if batch.instruction.atomic {
            if draft.has_refusal() {
                return Ok(draft.refuse_all());
            }
            if draft.has_decline() {
                draft.decline_all();
                book.forget_moves();
            }
        }
        if !draft.decisions.is_empty() {
            book.write_balances(transaction)?;
            write::append(transaction, &heads.journal, &draft.decisions)?;
            let recorded_at_ms = draft.moment.recorded_at_ms;
            record::insert(
                transaction,
                &heads,
                batch,
                &draft.refusals(),
                recorded_at_ms,
            )?;
        }
        Ok(draft.into_reply())
    })
}

/// The transfers of the lines that are such.
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

/// What is to become of one line.
#[derive(Debug)]
enum LineDraft {
    /// It is recorded by the next decision.
    Decided,
    /// It is not recorded.
    Refused(Refusal),
}

/// The decisions on a batch, in memory.
struct Draft {
    lines: Vec<LineDraft>,
    decisions: Vec<Decision>,
    transfer_sequence: i64,
    entry_sequence: i64,
    moment: Moment,
}

impl Draft {
    fn new(head: &Head, clock: &impl Clock) -> Self {
        Self {
            lines: Vec::new(),
            decisions: Vec::new(),
            transfer_sequence: head.transfer_sequence,
            entry_sequence: head.entry_sequence,
            moment: Moment::after(head, clock),
        }
    }

    /// Decides on the next line, and moves its money in the book.
    fn add(
        &mut self,
        book: &mut Book,
        line: &BatchLine,
        transfer: Option<&Transfer>,
    ) -> Result<(), LedgerError> {
        let draft = match (line, transfer) {
            (BatchLine::Refused(refusal), _) => LineDraft::Refused(refusal.clone()),
            (BatchLine::Transfer { .. }, None) => return Err(LedgerError::invalid("lines")),
            (BatchLine::Transfer { .. }, Some(transfer)) => match self.judge(book, transfer) {
                Ok(decision) => {
                    self.push(decision);
                    LineDraft::Decided
                }
                Err(error) => LineDraft::Refused(error.refusal().ok_or(error)?),
            },
        };
        self.lines.push(draft);
        Ok(())
    }

    fn judge(&self, book: &mut Book, transfer: &Transfer) -> Result<Decision, LedgerError> {
        let places = book.parties(transfer);
        let (source, destination) = (book.standing(places.0), book.standing(places.1));
        if transfer.denied_by.is_some() {
            let parties = permitted(source, destination, transfer)?;
            let place = self.place(parties);
            let denied = Some(Decline::ScreeningDenied);
            let row = JournalRow::of_decision(transfer, place, denied);
            return Ok(Decision::declined(row));
        }
        let parties = parties(source, destination, transfer)?;
        let question = Question::of(transfer, parties, None, self.moment.wall_ms);
        let decline = decide(&question)?;
        let (source, destination) = (question.source, question.destination.ok().flatten());
        let place = self.place((source, destination));
        let row = JournalRow::of_decision(transfer, place, decline);
        if decline.is_some() {
            return Ok(Decision::declined(row));
        }
        let (Some(source), Some(destination)) = (source, destination) else {
            return Err(LedgerError::invalid("kind"));
        };
        let decision = Decision::new(row, self.entry_sequence, source, destination);
        if let (Some(source), Some(destination)) = places {
            let movement = Movement::of(Kind::Transfer, transfer.instruction.amount.minor(), 0);
            book.apply(movement, source, destination);
        }
        Ok(decision)
    }

    fn place(&self, (source, destination): (Option<&Standing>, Option<&Standing>)) -> Place {
        Place {
            sequence: self.transfer_sequence + 1,
            moment: self.moment,
            debit: source.map(|standing| standing.account),
            credit: destination.map(|standing| standing.account),
            original: None,
        }
    }

    fn push(&mut self, decision: Decision) {
        self.transfer_sequence = decision.row.sequence();
        if let Some(entry) = decision.entries.last() {
            self.entry_sequence = entry.sequence;
        }
        self.decisions.push(decision);
    }

    fn has_refusal(&self) -> bool {
        let is_refused = |line: &LineDraft| matches!(line, LineDraft::Refused(_));
        self.lines.iter().any(is_refused)
    }

    fn has_decline(&self) -> bool {
        let is_declined = |decision: &Decision| decision.row.posting.decline.is_some();
        self.decisions.iter().any(is_declined)
    }

    /// The reply where one line keeps the others from being recorded.
    fn refuse_all(self) -> BatchReply {
        let lines = self.lines.into_iter();
        let outcomes = lines.map(|line| match line {
            LineDraft::Refused(refusal) => LineOutcome::Refused(refusal),
            LineDraft::Decided => LineOutcome::Refused(Refusal::with_the_batch()),
        });
        BatchReply {
            outcomes: outcomes.collect(),
            repeated: false,
        }
    }

    fn decline_all(&mut self) {
        for decision in &mut self.decisions {
            let posting = &mut decision.row.posting;
            posting.status = Status::Declined;
            posting.decline.get_or_insert(Decline::BatchDeclined);
            decision.entries.clear();
        }
    }

    /// The lines that are refused, each with its index.
    fn refusals(&self) -> Vec<(usize, &Refusal)> {
        let lines = self.lines.iter().enumerate();
        lines
            .filter_map(|(index, line)| match line {
                LineDraft::Refused(refusal) => Some((index, refusal)),
                LineDraft::Decided => None,
            })
            .collect()
    }

    fn into_reply(self) -> BatchReply {
        let mut decisions = self.decisions.into_iter();
        let lines = self.lines.into_iter();
        let outcomes = lines.filter_map(|line| match line {
            LineDraft::Refused(refusal) => Some(LineOutcome::Refused(refusal)),
            LineDraft::Decided => decisions
                .next()
                .map(|decision| LineOutcome::Recorded(Box::new(decision.row.posting))),
        });
        BatchReply {
            outcomes: outcomes.collect(),
            repeated: false,
        }
    }
}
