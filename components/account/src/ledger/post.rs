//! Posting and fencing: the only two ways into the journal.

use super::decide::decide;
use super::error::LedgerError;
use super::journal::JournalRow;
use super::read;
use super::situation::{Situation, Standing};
use super::transfer::{Decline, Posting, Status, Transfer};
use super::write;
use crate::account::settlement;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::money::Currency;
use strongroom_sdk::store::{Store, StoreError, Transaction};

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
    let transaction = store.begin()?;
    let situation = Situation::read(&transaction, transfer)?;
    if let Some(fingerprint) = situation.known {
        return recall(transaction, transfer, fingerprint);
    }
    let currency = transfer.validate()?;
    let source = situation.source(transfer)?;
    let destination = situation.destination(transfer)?;
    refuse_same_account(source, destination)?;

    let posting = match decide(source, destination, transfer.amount_minor, currency.code()) {
        Ok(()) => {
            let source = existing_or_bank(&transaction, clock, source, currency)?;
            let destination = existing_or_bank(&transaction, clock, destination, currency)?;
            record_posted(
                &transaction,
                clock,
                transfer,
                &situation,
                &source,
                &destination,
            )?
        }
        Err(decline) => {
            let parties = (source, destination);
            record_declined(&transaction, clock, transfer, &situation, parties, decline)?
        }
    };
    transaction.commit()?;
    Ok(posting)
}

/// Gives an id up: if it is unknown, it is recorded as declined with `cancelled`, and a late [`post`] can never move money.
///
/// The accounts need not exist: a row without them still burns the id.
///
/// # Errors
/// As [`post`], but for [`LedgerError::AccountNotFound`].
pub fn fence<S: Store>(
    store: &S,
    clock: &impl Clock,
    transfer: &Transfer,
) -> Result<Posting, LedgerError> {
    let transaction = store.begin()?;
    let situation = Situation::read(&transaction, transfer)?;
    if let Some(fingerprint) = situation.known {
        return recall(transaction, transfer, fingerprint);
    }
    transfer.validate()?;
    let source = situation.source(transfer).ok().flatten();
    let destination = situation.destination(transfer).ok().flatten();
    refuse_same_account(source, destination)?;
    let parties = (source, destination);
    let posting = record_declined(
        &transaction,
        clock,
        transfer,
        &situation,
        parties,
        Decline::Cancelled,
    )?;
    transaction.commit()?;
    Ok(posting)
}

/// What is recorded under a known id, if it is the same request. The transaction has changed nothing, but the record may be of an
/// earlier turn of its group: the commit waits until it is on disk.
fn recall(
    transaction: impl Transaction,
    transfer: &Transfer,
    fingerprint: [u8; 32],
) -> Result<Posting, LedgerError> {
    let rows = transaction.query(read::BY_ID, &[transfer.id.into()])?;
    transaction.commit()?;
    if fingerprint != transfer.fingerprint {
        return Err(LedgerError::IdReused);
    }
    let row = rows
        .first()
        .ok_or_else(|| StoreError::Row("a known transfer has no row".to_owned()))?;
    Ok(JournalRow::from_row(&row)?.into())
}

fn refuse_same_account(
    source: Option<&Standing>,
    destination: Option<&Standing>,
) -> Result<(), LedgerError> {
    match (source, destination) {
        (Some(source), Some(destination)) if source.party.key == destination.party.key => {
            Err(LedgerError::Invalid("destination"))
        }
        _ => Ok(()),
    }
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

fn record_posted(
    transaction: &impl Transaction,
    clock: &impl Clock,
    transfer: &Transfer,
    situation: &Situation,
    source: &Standing,
    destination: &Standing,
) -> Result<Posting, StoreError> {
    let parties = (Some(source), Some(destination));
    let row = journal_row(clock, transfer, situation, parties, None);
    let entries = write::move_money(transaction, &row, &situation.head, source, destination)?;
    write::append(transaction, &row, &situation.head, &entries)?;
    Ok(row.into())
}

fn record_declined(
    transaction: &impl Transaction,
    clock: &impl Clock,
    transfer: &Transfer,
    situation: &Situation,
    parties: (Option<&Standing>, Option<&Standing>),
    decline: Decline,
) -> Result<Posting, StoreError> {
    let row = journal_row(clock, transfer, situation, parties, Some(decline));
    write::append(transaction, &row, &situation.head, &[])?;
    Ok(row.into())
}

fn journal_row(
    clock: &impl Clock,
    transfer: &Transfer,
    situation: &Situation,
    (source, destination): (Option<&Standing>, Option<&Standing>),
    decline: Option<Decline>,
) -> JournalRow {
    let status = match decline {
        None => Status::Posted,
        Some(_) => Status::Declined,
    };
    JournalRow {
        sequence: situation.head.transfer_sequence + 1,
        id: transfer.id,
        fingerprint: transfer.fingerprint,
        kind: transfer.kind,
        status,
        decline,
        initiator: transfer.initiator,
        debit: source.map(|standing| standing.party),
        credit: destination.map(|standing| standing.party),
        amount_minor: transfer.amount_minor,
        currency: transfer.currency.clone(),
        reference: transfer.reference.clone(),
        metadata: transfer.metadata.clone(),
        requested_at_ms: transfer.requested_at_ms,
        // The journal's times never go back, even when the machine's clock does.
        recorded_at_ms: clock.now_ms().max(situation.head.recorded_at_ms),
    }
}
