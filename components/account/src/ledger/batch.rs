//! Posting and fencing many transfers in one commit.
//!
//! Each is decided as [`post`](super::post()) decides it, on the balances that those before it have left. The store is asked once before
//! all decisions, and written to once after them.

use super::book::{Book, recorded};
use super::decide::{Question, decide};
use super::error::LedgerError;
use super::journal::{JournalRow, Place};
use super::movement::Movement;
use super::post::in_transaction;
use super::situation::{Standing, check_destination, check_source, permitted, refuse_same_account};
use super::transfer::{Decline, Kind, Posting, Status, Transfer};
use super::write::{self, Decision};
use std::collections::HashSet;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Store, StoreError, Transaction};
use uuid::Uuid;

/// The most transfers of one batch.
pub const BATCH_TRANSFERS_MAX: usize = 1_000;

/// What became of each transfer of a batch, in their order.
pub type Outcomes = Vec<Result<Posting, LedgerError>>;

/// Decides on transfers in their order and records the decisions, in one transaction. Known ids answer what was recorded before; where
/// one of them is another request's, this is not the batch that was asked for first, and nothing of it is recorded.
///
/// `atomic`: all are posted, or none is. Where one is refused, nothing is recorded, and the others answer
/// [`LedgerError::BatchRefused`]. Where one is declined, all are recorded as declined, the others with [`Decline::BatchDeclined`].
///
/// # Errors
/// [`LedgerError`], such as [`LedgerError::IdReused`], of the batch as a whole; nothing is recorded.
pub fn post_batch<S: Store>(
    store: &S,
    clock: &impl Clock,
    transfers: &[Transfer],
    atomic: bool,
) -> Result<Outcomes, LedgerError> {
    check_batch(transfers)?;
    in_transaction(store, |transaction| {
        let mut book = Book::read(transaction, transfers)?;
        refuse_reused_ids(&book, transfers)?;
        let mut draft = Draft::new(&book, clock);
        for transfer in transfers {
            draft.decide(&mut book, transfer);
        }
        if atomic && draft.has_refusal() {
            return Ok(draft.refuse_all());
        }
        if atomic && draft.is_in_part() {
            draft.decline_all();
            book.forget_moves();
        }
        book.write_balances(transaction)?;
        draft.record(transaction, &book, transfers)
    })
}

/// Gives the ids of a batch up, as [`fence`](super::fence) does, in one transaction. Answers what is recorded.
///
/// # Errors
/// As [`post_batch`]; and [`LedgerError::Invalid`] where one of the transfers is such.
pub fn fence_batch<S: Store>(
    store: &S,
    clock: &impl Clock,
    transfers: &[Transfer],
) -> Result<Vec<Posting>, LedgerError> {
    check_batch(transfers)?;
    in_transaction(store, |transaction| {
        let book = Book::read(transaction, transfers)?;
        refuse_reused_ids(&book, transfers)?;
        let mut draft = Draft::new(&book, clock);
        for transfer in transfers {
            draft.fence(&book, transfer);
        }
        if let Some(refusal) = draft.first_refusal() {
            return Err(refusal);
        }
        let outcomes = draft.record(transaction, &book, transfers)?;
        outcomes.into_iter().collect()
    })
}

fn check_batch(transfers: &[Transfer]) -> Result<(), LedgerError> {
    if !(1..=BATCH_TRANSFERS_MAX).contains(&transfers.len()) {
        return Err(LedgerError::Invalid("transfers"));
    }
    if transfers.iter().any(|one| one.kind != Kind::Transfer) {
        return Err(LedgerError::Invalid("kind"));
    }
    let ids: HashSet<Uuid> = transfers.iter().map(|transfer| transfer.id).collect();
    if ids.len() < transfers.len() {
        return Err(LedgerError::Invalid("id"));
    }
    Ok(())
}

/// What is to become of one transfer of a batch.
#[derive(Debug)]
enum Line {
    /// It was recorded before.
    Known,
    /// It is recorded by the decision at this place.
    Decided(usize),
    /// It is not recorded.
    Refused(LedgerError),
}

/// The decisions on a batch, in memory.
struct Draft {
    lines: Vec<Line>,
    decisions: Vec<Decision>,
    transfer_sequence: i64,
    entry_sequence: i64,
    now_ms: i64,
}

impl Draft {
    fn new(book: &Book, clock: &impl Clock) -> Self {
        Self {
            lines: Vec::new(),
            decisions: Vec::new(),
            transfer_sequence: book.head.transfer_sequence,
            entry_sequence: book.head.entry_sequence,
            now_ms: clock.now_ms().max(book.head.recorded_at_ms),
        }
    }

    /// Decides on the next transfer, and moves its money in the book.
    fn decide(&mut self, book: &mut Book, transfer: &Transfer) {
        let line = if book.known.contains_key(&transfer.id) {
            Line::Known
        } else {
            match self.judge(book, transfer) {
                Ok(decision) => self.push(decision),
                Err(refusal) => Line::Refused(refusal),
            }
        };
        self.lines.push(line);
    }

    fn judge(&self, book: &mut Book, transfer: &Transfer) -> Result<Decision, LedgerError> {
        let currency = transfer.validate()?;
        let places = book.parties(transfer);
        let (source, destination) = (book.standing(places.0), book.standing(places.1));
        check_source(source, transfer)?;
        check_destination(destination, transfer)?;
        let (Some(source), Some(destination)) = (source, destination) else {
            return Err(LedgerError::Invalid("kind"));
        };
        refuse_same_account((Some(source), Some(destination)))?;
        let decided = decide(&Question {
            kind: transfer.kind,
            amount_minor: transfer.amount_minor,
            currency: currency.code(),
            source: Some(source),
            destination: Some(destination),
            subject: None,
            now_ms: self.now_ms,
        });
        let place = self.place(Some(source), Some(destination));
        let row = JournalRow::of_decision(transfer, place, decided.err());
        if decided.is_err() {
            return Ok(Decision::declined(row));
        }
        let decision = Decision::new(row, self.entry_sequence, source, destination);
        if let (Some(source), Some(destination)) = places {
            let movement = Movement::of(transfer.kind, transfer.amount_minor, 0);
            book.apply(movement, source, destination);
        }
        Ok(decision)
    }

    /// Gives up the next transfer.
    fn fence(&mut self, book: &Book, transfer: &Transfer) {
        let line = if book.known.contains_key(&transfer.id) {
            Line::Known
        } else {
            match self.give_up(book, transfer) {
                Ok(decision) => self.push(decision),
                Err(refusal) => Line::Refused(refusal),
            }
        };
        self.lines.push(line);
    }

    fn give_up(&self, book: &Book, transfer: &Transfer) -> Result<Decision, LedgerError> {
        transfer.validate()?;
        let places = book.parties(transfer);
        let parties = (book.standing(places.0), book.standing(places.1));
        let (source, destination) = permitted(parties.0, parties.1, transfer)?;
        let place = self.place(source, destination);
        let row = JournalRow::of_decision(transfer, place, Some(Decline::Cancelled));
        Ok(Decision::declined(row))
    }

    fn place(&self, source: Option<&Standing>, destination: Option<&Standing>) -> Place {
        Place {
            sequence: self.transfer_sequence + 1,
            recorded_at_ms: self.now_ms,
            debit: source.map(|standing| standing.party),
            credit: destination.map(|standing| standing.party),
            subject: None,
        }
    }

    fn push(&mut self, decision: Decision) -> Line {
        self.transfer_sequence = decision.row.sequence;
        if let Some(entry) = decision.entries.last() {
            self.entry_sequence = entry.sequence;
        }
        self.decisions.push(decision);
        Line::Decided(self.decisions.len() - 1)
    }

    fn has_refusal(&self) -> bool {
        self.lines
            .iter()
            .any(|line| matches!(line, Line::Refused(_)))
    }

    fn first_refusal(&self) -> Option<LedgerError> {
        self.lines.iter().find_map(|line| match line {
            Line::Refused(refusal) => Some(refusal.clone()),
            Line::Known | Line::Decided(_) => None,
        })
    }

    fn refuse_all(self) -> Outcomes {
        let refusals = self.lines.into_iter().map(|line| match line {
            Line::Refused(refusal) => Err(refusal),
            Line::Known | Line::Decided(_) => Err(LedgerError::BatchRefused),
        });
        refusals.collect()
    }

    /// Whether some would be posted and some not. Ids that are known were recorded by this batch before, all of them, or were given up.
    fn is_in_part(&self) -> bool {
        let declined = |decision: &Decision| decision.row.decline.is_some();
        let some_known = self.lines.iter().any(|line| matches!(line, Line::Known));
        self.decisions.iter().any(declined) || (some_known && !self.decisions.is_empty())
    }

    fn decline_all(&mut self) {
        let decisions = std::mem::take(&mut self.decisions);
        let declined = decisions.into_iter().map(|decision| {
            Decision::declined(JournalRow {
                status: Status::Declined,
                decline: decision.row.decline.or(Some(Decline::BatchDeclined)),
                ..decision.row
            })
        });
        self.decisions = declined.collect();
    }

    /// Writes the journal, and answers the lines.
    fn record(
        self,
        transaction: &impl Transaction,
        book: &Book,
        transfers: &[Transfer],
    ) -> Result<Outcomes, LedgerError> {
        if !self.decisions.is_empty() {
            write::append(transaction, &book.head, &self.decisions)?;
        }
        let known = transfers.iter().zip(&self.lines);
        let known = known.filter(|(_, line)| matches!(line, Line::Known));
        let mut known = recorded(transaction, known.map(|(transfer, _)| transfer.id))?;
        let mut decided: Vec<Option<Posting>> = self
            .decisions
            .into_iter()
            .map(|decision| Some(decision.row.into()))
            .collect();
        let outcomes = transfers.iter().zip(self.lines).map(|(transfer, line)| {
            let posting = match line {
                Line::Refused(refusal) => return Err(refusal),
                Line::Known => known.remove(&transfer.id),
                Line::Decided(place) => decided.get_mut(place).and_then(Option::take),
            };
            posting.ok_or_else(|| StoreError::Row("a transfer has no row".to_owned()).into())
        });
        Ok(outcomes.collect())
    }
}

/// A batch is asked for in the same words each time, so all of its ids that are recorded are recorded of these words.
fn refuse_reused_ids(book: &Book, transfers: &[Transfer]) -> Result<(), LedgerError> {
    let is_other = |transfer: &Transfer| {
        let known = book.known.get(&transfer.id);
        known.is_some_and(|fingerprint| *fingerprint != transfer.fingerprint)
    };
    if transfers.iter().any(is_other) {
        return Err(LedgerError::IdReused);
    }
    Ok(())
}
