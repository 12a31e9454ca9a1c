//! Posting and cancelling one transfer.

use super::decide::{Question, decide};
use super::journal::{JournalRow, Place};
use super::movement::Movement;
use super::read;
use super::settlement;
use super::state::{Moment, Situation, Standing, permitted};
use super::validate::validate;
use super::write::{self, Decision};
use strongroom_ledger_api::{Decline, Kind, LedgerError, Posting, Reply, Transfer};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// What is to become of an id that is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// It is decided.
    Post,
    /// It is burnt.
    Cancel,
}

/// Decides on a transfer and records the decision, in one transaction; a known id returns what was recorded before.
///
/// The id is looked up before anything else, so that a retry is judged against the original and never against today's balance.
///
/// # Errors
/// [`LedgerError`]: nothing is recorded, and the same id may be asked again.
pub fn post<S: Store>(
    store: &S,
    clock: &impl Clock,
    transfer: &Transfer,
) -> Result<Reply, LedgerError> {
    if transfer.instruction.kind == Kind::Expiry {
        // Time alone lets a hold expire.
        return Err(LedgerError::invalid("kind"));
    }
    in_transaction(store, |transaction| {
        record(transaction, clock, transfer, Wish::Post)
    })
}

/// Burns an id: if it is unknown, it is recorded as declined with `cancelled`, and a late [`post`] can never move money.
///
/// The accounts need not exist: a row without them still burns the id.
///
/// # Errors
/// As [`post`], but for [`LedgerError::AccountNotFound`].
pub fn cancel<S: Store>(
    store: &S,
    clock: &impl Clock,
    transfer: &Transfer,
) -> Result<Reply, LedgerError> {
    if transfer.instruction.kind != Kind::Transfer {
        return Err(LedgerError::invalid("kind"));
    }
    in_transaction(store, |transaction| {
        record(transaction, clock, transfer, Wish::Cancel)
    })
}

/// Commits what `work` has recorded or recalled. A recalled row may be of an earlier turn of the group, so a reply that rests on it
/// waits for a commit, which waits until that row is on disk. That holds for a reused id too.
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

/// Recalls, decides, or cancels one transfer, within a transaction.
pub(super) fn record(
    transaction: &impl Transaction,
    clock: &impl Clock,
    transfer: &Transfer,
    wish: Wish,
) -> Result<Reply, LedgerError> {
    let situation = Situation::read(|sql, params| transaction.query(sql, params), transfer)?;
    if let Some(fingerprint) = situation.known {
        return recall(transaction, transfer, fingerprint);
    }
    validate(transfer)?;
    situation.refuse_own_account(transfer)?;
    let moment = Moment::after(&situation.head, clock);
    let named = || {
        permitted(
            situation.source.as_ref(),
            situation.destination.as_ref(),
            transfer,
        )
    };
    let (parties, decline) = match (wish, &transfer.denied_by) {
        (Wish::Cancel, _) => (named()?, Some(Decline::Cancelled)),
        (Wish::Post, Some(_)) => (named()?, Some(Decline::ScreeningDenied)),
        (Wish::Post, None) => {
            let parties = situation.parties(transfer)?;
            let original = situation.original.as_ref();
            let question = Question::of(transfer, parties, original, moment.wall_ms);
            let decline = decide(&question)?;
            // A decline that the payer's account alone decided may have no payee.
            let parties = (question.source, question.destination.ok().flatten());
            (parties, decline)
        }
    };
    let row = match decline {
        None => accept(transaction, clock, transfer, &situation, moment)?,
        Some(decline) => {
            let place = place(&situation, parties, moment);
            let row = JournalRow::of_decision(transfer, place, Some(decline));
            append_one(transaction, &situation, Decision::declined(row))?
        }
    };
    Ok(Reply {
        posting: row,
        repeated: false,
    })
}

/// Writes the rows of an accepted transfer.
fn accept(
    transaction: &impl Transaction,
    clock: &impl Clock,
    transfer: &Transfer,
    situation: &Situation,
    moment: Moment,
) -> Result<Posting, StoreError> {
    let instruction = &transfer.instruction;
    let existing_or_bank = |standing: Option<&Standing>| match standing {
        Some(standing) => Ok(standing.clone()),
        // The bank's own account of the currency is opened at its first use.
        None => settlement::open(transaction, clock, instruction.amount.currency()),
    };
    let source = existing_or_bank(situation.source.as_ref())?;
    let destination = existing_or_bank(situation.destination.as_ref())?;
    let place = place(situation, (Some(&source), Some(&destination)), moment);
    let row = JournalRow::of_decision(transfer, place, None);
    let held = situation.original.as_ref();
    let movement = Movement::of(
        instruction.kind,
        instruction.amount.minor(),
        held.map_or(0, |original| original.amount.minor()),
    );
    write::move_balances(transaction, movement, &source, &destination)?;
    let entry_sequence = situation.head.entry_sequence;
    let decision = Decision::new(row, entry_sequence, &source, &destination);
    append_one(transaction, situation, decision)
}

fn append_one(
    transaction: &impl Transaction,
    situation: &Situation,
    decision: Decision,
) -> Result<Posting, StoreError> {
    let decision = [decision];
    write::append(transaction, &situation.head, &decision)?;
    let [decision] = decision;
    Ok(decision.row.posting)
}

fn place(
    situation: &Situation,
    (source, destination): (Option<&Standing>, Option<&Standing>),
    moment: Moment,
) -> Place {
    Place {
        sequence: situation.head.transfer_sequence + 1,
        moment,
        debit: source.map(|standing| standing.account),
        credit: destination.map(|standing| standing.account),
        original: situation
            .original
            .as_ref()
            .map(|standing| standing.original),
    }
}

/// What is recorded under a known id, if it is the same request.
fn recall(
    transaction: &impl Transaction,
    transfer: &Transfer,
    fingerprint: [u8; 32],
) -> Result<Reply, LedgerError> {
    if fingerprint != transfer.fingerprint {
        return Err(LedgerError::IdReused);
    }
    let row = transaction
        .query(read::BY_ID, &[transfer.id.into()])?
        .first_or("a known transfer has no row")?;
    Ok(Reply {
        posting: JournalRow::from_row(&row)?.posting,
        repeated: true,
    })
}
