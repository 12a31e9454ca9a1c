//! Posting and fencing one transfer.

use super::decide::{Question, decide};
use super::error::LedgerError;
use super::journal::{JournalRow, Place};
use super::movement::Movement;
use super::read;
use super::situation::{Situation, Standing};
use super::transfer::{Decline, Posting, Transfer};
use super::write::{self, Decision};
use crate::account::settlement;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::money::Currency;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// What is to become of an id that is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// It is decided.
    Post,
    /// It is given up.
    Fence,
}

/// Decides on a transfer and records the decision, in one transaction; a known id answers what was recorded before.
///
/// The id is looked up before anything else, so that a retry is judged against the original and never against today's balance.
///
/// # Errors
/// [`LedgerError`]: nothing is recorded, and the same id may be asked again.
pub fn post<S: Store>(
    store: &S,
    clock: &impl Clock,
    transfer: &Transfer,
) -> Result<Posting, LedgerError> {
    in_transaction(store, |transaction| {
        record(transaction, clock, transfer, Wish::Post)
    })
}

/// Gives an id up: if it is unknown, it is recorded as declined with `cancelled`, and a late [`post`] can never move money.
///
/// The accounts need not exist: a row without them still burns the id.
///
/// # Errors
/// As [`post`], but for [`LedgerError::AccountNotFound`] and [`LedgerError::SubjectNotFound`].
pub fn fence<S: Store>(
    store: &S,
    clock: &impl Clock,
    transfer: &Transfer,
) -> Result<Posting, LedgerError> {
    in_transaction(store, |transaction| {
        record(transaction, clock, transfer, Wish::Fence)
    })
}

/// Commits what `work` has recorded or recalled. A recalled row may be of an earlier turn of the group, so that also a reused id is
/// told only after a commit, which waits until that row is on disk.
pub(super) fn in_transaction<S: Store, T>(
    store: &S,
    work: impl FnOnce(&S::Transaction) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let transaction = store.begin()?;
    let outcome = work(&transaction);
    if matches!(outcome, Ok(_) | Err(LedgerError::IdReused)) {
        transaction.commit()?;
    }
    outcome
}

/// Recalls, decides, or gives up one transfer, within a transaction.
pub(super) fn record(
    transaction: &impl Transaction,
    clock: &impl Clock,
    transfer: &Transfer,
    wish: Wish,
) -> Result<Posting, LedgerError> {
    let situation = Situation::read(transaction, transfer)?;
    if let Some(fingerprint) = situation.known {
        return recall(transaction, transfer, fingerprint);
    }
    let currency = transfer.validate()?;
    // The journal's times never go back, even when the machine's clock does.
    let now_ms = clock.now_ms().max(situation.head.recorded_at_ms);
    let (parties, decision) = match wish {
        Wish::Post => {
            let (source, destination) = situation.parties(transfer)?;
            let question = Question {
                kind: transfer.kind,
                amount_minor: transfer.amount_minor,
                currency: currency.code(),
                source,
                destination,
                subject: situation.subject.as_ref(),
                now_ms,
            };
            ((source, destination), decide(&question))
        }
        Wish::Fence => (situation.permitted(transfer)?, Err(Decline::Cancelled)),
    };
    let row = match decision {
        Ok(()) => accept(transaction, clock, transfer, &situation, currency, now_ms)?,
        Err(decline) => {
            let place = place(&situation, parties, now_ms);
            let row = JournalRow::of_decision(transfer, place, Some(decline));
            let decision = [Decision::declined(row)];
            write::append(transaction, &situation.head, &decision)?;
            let [decision] = decision;
            decision.row
        }
    };
    Ok(row.into())
}

/// Writes the rows of an accepted transfer.
fn accept(
    transaction: &impl Transaction,
    clock: &impl Clock,
    transfer: &Transfer,
    situation: &Situation,
    currency: Currency,
    now_ms: i64,
) -> Result<JournalRow, StoreError> {
    let source = existing_or_bank(transaction, clock, situation.source.as_ref(), currency)?;
    let destination =
        existing_or_bank(transaction, clock, situation.destination.as_ref(), currency)?;
    let place = place(situation, (Some(&source), Some(&destination)), now_ms);
    let row = JournalRow::of_decision(transfer, place, None);
    let held_minor = situation
        .subject
        .as_ref()
        .map_or(0, |subject| subject.amount_minor);
    let movement = Movement::of(transfer.kind, transfer.amount_minor, held_minor);
    write::move_balances(transaction, movement, &source, &destination)?;
    let decision = [Decision::new(
        row,
        situation.head.entry_sequence,
        &source,
        &destination,
    )];
    write::append(transaction, &situation.head, &decision)?;
    let [decision] = decision;
    Ok(decision.row)
}

fn place(
    situation: &Situation,
    (source, destination): (Option<&Standing>, Option<&Standing>),
    now_ms: i64,
) -> Place {
    Place {
        sequence: situation.head.transfer_sequence + 1,
        recorded_at_ms: now_ms,
        debit: source.map(|standing| standing.party),
        credit: destination.map(|standing| standing.party),
        // A row that may not name the accounts may not name the subject either.
        subject: situation
            .subject
            .as_ref()
            .filter(|_| source.is_some())
            .map(|standing| standing.subject),
    }
}

/// What is recorded under a known id, if it is the same request.
fn recall(
    transaction: &impl Transaction,
    transfer: &Transfer,
    fingerprint: [u8; 32],
) -> Result<Posting, LedgerError> {
    if fingerprint != transfer.fingerprint {
        return Err(LedgerError::IdReused);
    }
    let row = transaction
        .query(read::BY_ID, &[transfer.id.into()])?
        .first()
        .ok_or_else(|| StoreError::Row("a known transfer has no row".to_owned()))?;
    Ok(JournalRow::from_row(&row)?.into())
}

/// The account, or the bank's own account of the currency, opened at its first use.
fn existing_or_bank(
    transaction: &impl Transaction,
    clock: &impl Clock,
    standing: Option<&Standing>,
    currency: Currency,
) -> Result<Standing, StoreError> {
    match standing {
        Some(standing) => Ok(standing.clone()),
        None => settlement::open(transaction, clock, currency),
    }
}
