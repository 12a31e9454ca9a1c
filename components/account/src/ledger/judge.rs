//! What would be decided of a transfer, of which nothing is recorded.

use super::decide::{Question, decide, decide_payee_alone};
use super::state::{Situation, Standing};
use super::validate::validate;
use strongroom_ledger_api::{Decline, LedgerError, Transfer};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::Store;

/// Decides as [`post`](super::post()) does of an id that is not known, and records nothing.
///
/// Owners may know all of their accounts, so that where both are one owner's, the payee's account
/// is judged first. Otherwise the payer's is, and one without the money learns nothing of the
/// payee.
///
/// # Errors
/// As [`post`](super::post()).
pub fn judge<S: Store>(
    store: &S,
    clock: &impl Clock,
    transfer: &Transfer,
) -> Result<Option<Decline>, LedgerError> {
    validate(transfer)?;
    let situation = Situation::read(|sql, params| store.query(sql, params), transfer)?;
    situation.refuse_own_account(transfer)?;
    let parties = situation.parties(transfer)?;
    let question = Question::of(
        transfer,
        parties,
        situation.original.as_ref(),
        clock.now_ms(),
    );
    let owner_of = |standing: &Standing| standing.account.owner_id;
    let payer = question.source.map(owner_of);
    let is_payers = |payee: &Option<&Standing>| payee.map(owner_of) == payer;
    if question.destination.as_ref().is_ok_and(is_payers)
        && let Some(decline) = decide_payee_alone(&question)
    {
        return Ok(Some(decline));
    }
    decide(&question)
}
