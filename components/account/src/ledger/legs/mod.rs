//! Posting several legs at once: debits and credits of many accounts, in one row of the journal.
//!
//! - [`state`]: what the decision depends on;
//! - [`decide`]: the decision (pure).

mod decide;
mod state;

use super::batch::state::BatchState;
use super::head::{Head, Moment};
use super::journal::{Entry, JournalRow, Place, RowAccounts};
use super::read::recall;
use super::validate::validate;
use super::write::{Decision, append_one};
use decide::{Declined, decide};
use state::LegsState;
use strongroom_ledger_api::{
    Actor, DebitAuthority, Decline, LedgerError, Leg, RecordedLeg, Reply, Transfer, first_debited,
};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{StoreError, Transaction};

/// Records the decision on a posting of several legs, or on its reversal; see
/// [`record`](super::post::record).
pub(super) fn record(
    transaction: &impl Transaction,
    clock: &impl Clock,
    transfer: &Transfer,
) -> Result<Reply, LedgerError> {
    let state = LegsState::read(transaction, transfer)?;
    if let Some(fingerprint) = state.known {
        return recall(transaction, transfer, fingerprint);
    }
    validate(transfer)?;
    let legs = state.legs(transfer)?;
    let mut accounts = BatchState::of_ids(transaction, legs.iter().map(|leg| leg.account))?;
    refuse_own_account(&accounts, &legs, transfer)?;
    let decision = match state.check_original() {
        Ok(()) => decide(&legs, &accounts, transfer.authority)?,
        Err(reason) => Err(Declined { reason, leg: None }),
    };
    let mut row = row(transfer, &state, clock, decision.err());
    row.posting.legs = legs.iter().map(|leg| recorded(&accounts, leg)).collect();
    let decision = match decision {
        Ok(()) => {
            let entries = entries(&state.head, &mut accounts, &legs)?;
            accounts.write_balances(transaction)?;
            Decision { row, entries }
        }
        Err(declined) => {
            decline(&mut row, &accounts, &legs, declined);
            Decision::declined(row)
        }
    };
    Ok(Reply {
        posting: append_one(transaction, &state.head, decision)?,
        repeated: false,
    })
}

/// Who acts for the bank moves nothing of their own: a colleague must.
fn refuse_own_account(
    accounts: &BatchState,
    legs: &[Leg],
    transfer: &Transfer,
) -> Result<(), LedgerError> {
    let is_actors = |leg: &Leg| {
        let owner = accounts.of_id(leg.account).map(|it| it.account.owner_id);
        owner.map(Actor::user) == Some(transfer.actor)
    };
    if transfer.authority == DebitAuthority::Bank && legs.iter().any(is_actors) {
        return Err(LedgerError::OwnAccount);
    }
    Ok(())
}

fn row(
    transfer: &Transfer,
    state: &LegsState,
    clock: &impl Clock,
    declined: Option<Declined>,
) -> JournalRow {
    let place = Place {
        sequence: state.head.transfer_sequence + 1,
        moment: Moment::after(&state.head, clock),
        accounts: RowAccounts::between(None, None),
        original: state.original.as_ref().map(|original| original.row),
    };
    JournalRow::of_decision(transfer, place, declined.map(|declined| declined.reason))
}

/// Adds what only a declined row has: the leg, the rule, and the account whose decline it is.
fn decline(row: &mut JournalRow, accounts: &BatchState, legs: &[Leg], declined: Declined) {
    let posting = &mut row.posting;
    posting.declined_leg = declined.leg.and_then(|index| u32::try_from(index).ok());
    if declined.reason == Decline::ScreeningDenied {
        let leg = declined.leg.and_then(|index| legs.get(index));
        posting.denied_by = leg.and_then(|leg| leg.denied_by.clone());
    }
    let payer = first_debited(&posting.legs).and_then(|party| accounts.of_id(party.account_id));
    row.debit = payer.map(|payer| payer.account);
}

fn recorded(accounts: &BatchState, leg: &Leg) -> RecordedLeg {
    let account = accounts.of_id(leg.account);
    RecordedLeg {
        account: account.map(|state| state.account.into()),
        direction: leg.direction,
        amount: leg.amount,
    }
}

/// The entries of an accepted posting, in the order of its legs; moves the balances.
fn entries(
    head: &Head,
    accounts: &mut BatchState,
    legs: &[Leg],
) -> Result<Vec<Entry>, LedgerError> {
    let mut entries = Vec::with_capacity(legs.len());
    for (sequence, leg) in (head.entry_sequence + 1..).zip(legs) {
        let id = leg.account;
        accounts.apply(accounts.place_of(id), leg.direction, leg.amount.minor());
        let missing = || StoreError::Row(format!("account {id} of a posting is not there"));
        let account = accounts.of_id(id).ok_or_else(missing)?;
        entries.push(Entry {
            sequence,
            account_key: account.account.key,
            account_sequence: account.entry_count,
            direction: leg.direction,
            amount_minor: leg.amount.minor(),
            balance_after_minor: account.balance.posted(),
        });
    }
    Ok(entries)
}
