//! The decision that the ledger would make on a transfer, without recording it.

use super::decide::{DecisionInput, decide, decide_payee_alone};
use super::state::{AccountState, LedgerState};
use super::validate::validate;
use strongroom_ledger_api::{Decline, LedgerError, Transfer};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::Store;

/// Decides as [`post`](super::post()) decides on an unknown id, and records nothing.
///
/// Where one owner has both accounts, the payee's account is checked first: owners may know all
/// about their accounts. Otherwise the payer's comes first, and a payer without the money learns
/// nothing of the payee.
///
/// # Errors
/// As [`post`](super::post()); [`LedgerError::Invalid`] for a posting of several legs.
pub fn judge<S: Store>(
    store: &S,
    clock: &impl Clock,
    transfer: &Transfer,
) -> Result<Option<Decline>, LedgerError> {
    validate(transfer)?;
    let amount = transfer.instruction.amount;
    let amount = amount.ok_or_else(|| LedgerError::invalid("kind"))?;
    let state = LedgerState::read(store, transfer)?;
    state.refuse_own_account(transfer)?;
    let parties = state.parties(transfer)?;
    let input = DecisionInput::new(
        transfer,
        amount,
        parties,
        state.original.as_ref(),
        clock.now_ms(),
    );
    let owner_of = |state: &AccountState| state.account.owner_id;
    let payer = input.parties.source.map(owner_of);
    let is_payers = |payee: &Option<&AccountState>| payee.map(owner_of) == payer;
    if input.parties.destination.as_ref().is_ok_and(is_payers)
        && let Some(decline) = decide_payee_alone(&input)
    {
        return Ok(Some(decline));
    }
    decide(&input)
}
