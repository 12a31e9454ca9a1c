//! Posting and cancelling one transfer.

use super::decide::{DecisionInput, decide};
use super::head::Moment;
use super::journal::{JournalRow, Place, RowAccounts};
use super::legs;
use super::movement::Movement;
use super::read::recall;
use super::settlement;
use super::state::{AccountState, LedgerState};
use super::validate::validate;
use super::write::{Decision, append_one, move_balances};
use strongroom_ledger_api::{Decline, Kind, LedgerError, Posting, Reply, Transfer};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::money::Money;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// What the ledger does with an unknown id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// Decides.
    Post,
    /// Declines, so that a late post cannot move money.
    Cancel,
}

/// Decides on a transfer and records the decision, in one transaction; returns the recorded posting
/// where the id is known.
///
/// The lookup of the id comes first: today's balance has no influence on a retry.
///
/// # Errors
/// [`LedgerError`]: nothing is recorded, and the caller may retry with the same id.
pub fn post<S: Store>(
    store: &S,
    clock: &impl Clock,
    transfer: &Transfer,
) -> Result<Reply, LedgerError> {
    if transfer.instruction.kind == Kind::Expiry {
        // Only the ledger itself lets a hold expire.
        return Err(LedgerError::invalid("kind"));
    }
    in_transaction(store, |transaction| {
        record(transaction, clock, transfer, Operation::Post)
    })
}

/// Cancels an id: records an unknown id as declined with `cancelled`, so that a late [`post`]
/// cannot move money.
///
/// The accounts need not exist: the row then names none.
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
        record(transaction, clock, transfer, Operation::Cancel)
    })
}

/// Commits what `work` has written or read. A row that was read may belong to an earlier
/// transaction of the same group, which is not on disk yet; the commit waits for the disk. A reused
/// id rests on such a row too.
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

/// Finds, decides, or cancels one transfer, within a transaction.
pub(super) fn record(
    transaction: &impl Transaction,
    clock: &impl Clock,
    transfer: &Transfer,
    operation: Operation,
) -> Result<Reply, LedgerError> {
    let Some(amount) = transfer.instruction.amount else {
        return legs::record(transaction, clock, transfer);
    };
    let state = LedgerState::read(transaction, transfer)?;
    if let Some(fingerprint) = state.known {
        return recall(transaction, transfer, fingerprint);
    }
    validate(transfer)?;
    state.refuse_own_account(transfer)?;
    let moment = Moment::after(&state.head, clock);
    let (source, destination) = (state.source.as_ref(), state.destination.as_ref());
    let (accounts, decline) = match (operation, &transfer.denied_by) {
        (Operation::Cancel, _) => {
            let accounts = RowAccounts::permitted(source, destination, transfer)?;
            (accounts, Some(Decline::Cancelled))
        }
        (Operation::Post, Some(_)) => {
            let accounts = RowAccounts::denied(source, destination, transfer)?;
            (accounts, Some(Decline::ScreeningDenied))
        }
        (Operation::Post, None) => {
            let parties = state.parties(transfer)?;
            let original = state.original.as_ref();
            let input = DecisionInput::new(transfer, amount, parties, original, moment.wall_ms);
            let decline = decide(&input)?;
            (input.parties.of_row(), decline)
        }
    };
    let posting = match decline {
        None => accept(transaction, clock, transfer, amount, &state, moment)?,
        Some(decline) => {
            let place = place(&state, accounts, moment);
            let row = JournalRow::of_decision(transfer, place, Some(decline));
            append_one(transaction, &state.head, Decision::declined(row))?
        }
    };
    Ok(Reply {
        posting,
        repeated: false,
    })
}

/// Writes the rows of an accepted transfer.
fn accept(
    transaction: &impl Transaction,
    clock: &impl Clock,
    transfer: &Transfer,
    amount: Money,
    state: &LedgerState,
    moment: Moment,
) -> Result<Posting, StoreError> {
    let customers_or_banks = |customers: Option<&AccountState>| match customers {
        Some(customers) => Ok(customers.clone()),
        None => settlement::open(transaction, clock, amount.currency())
            .map(|account| AccountState::new(&account)),
    };
    let source = customers_or_banks(state.source.as_ref())?;
    let destination = customers_or_banks(state.destination.as_ref())?;
    let accounts = RowAccounts::between(Some(&source), Some(&destination));
    let row = JournalRow::of_decision(transfer, place(state, accounts, moment), None);
    let held = state.original.as_ref().and_then(|hold| hold.amount);
    let movement = Movement::of(
        transfer.instruction.kind,
        amount.minor(),
        held.map_or(0, |held| held.minor()),
    );
    move_balances(transaction, movement, &source, &destination)?;
    let entry_sequence = state.head.entry_sequence;
    let decision = Decision::new(row, entry_sequence, &source, &destination);
    append_one(transaction, &state.head, decision)
}

fn place(state: &LedgerState, accounts: RowAccounts, moment: Moment) -> Place {
    Place {
        sequence: state.head.transfer_sequence + 1,
        moment,
        accounts,
        original: state.original.as_ref().map(|original| original.row),
    }
}
