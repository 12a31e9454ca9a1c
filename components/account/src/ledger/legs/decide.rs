//! The decision on several legs. Pure.

use crate::account::Direction;
use crate::ledger::authority::may_name;
use crate::ledger::batch::state::BatchState;
use crate::ledger::decide::{check_credit, check_debit};
use crate::ledger::state::AccountState;
use strongroom_ledger_api::{DebitAuthority, Decline, LedgerError, Leg, Side};

/// Why a posting is declined, and for which leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declined {
    pub reason: Decline,
    /// None where it is not for a leg: `already_reversed`, `not_reversible`.
    pub leg: Option<usize>,
}

/// Decides. The order is that of a transfer, so that a payer without the money learns nothing of
/// the payees: first all debits, in their order, then all credits. The first of this list counts:
/// 1. the error that there is no account to debit;
/// 2. `screening_denied`, of any leg;
/// 3. the decline of an account to debit;
/// 4. the error that there is no account to credit;
/// 5. the decline of an account to credit.
///
/// # Errors
/// [`LedgerError::AccountNotFound`]: nothing is recorded.
pub fn decide(
    legs: &[Leg],
    accounts: &BatchState,
    authority: DebitAuthority,
) -> Result<Result<(), Declined>, LedgerError> {
    let debits = found(legs, accounts, authority, Direction::Debit)?;
    if let Some(leg) = legs.iter().position(|leg| leg.denied_by.is_some()) {
        let reason = Decline::ScreeningDenied;
        return Ok(Err(Declined {
            reason,
            leg: Some(leg),
        }));
    }
    for (index, account, leg) in debits {
        if let Err(reason) = check_debit(account, leg.amount) {
            let leg = Some(index);
            return Ok(Err(Declined { reason, leg }));
        }
    }
    for (index, account, leg) in found(legs, accounts, authority, Direction::Credit)? {
        if let Err(reason) = check_credit(account, leg.amount) {
            let leg = Some(index);
            return Ok(Err(Declined { reason, leg }));
        }
    }
    Ok(Ok(()))
}

/// The legs of one direction with their accounts.
fn found<'a>(
    legs: &'a [Leg],
    accounts: &'a BatchState,
    authority: DebitAuthority,
    direction: Direction,
) -> Result<Vec<(usize, &'a AccountState, &'a Leg)>, LedgerError> {
    let mut found = Vec::new();
    for (index, leg) in legs.iter().enumerate() {
        if leg.direction != direction {
            continue;
        }
        let account = accounts.of_id(leg.account);
        let account = account.filter(|it| may_name(authority, direction, it.account));
        let side = Side::Leg(u32::try_from(index).unwrap_or(u32::MAX));
        found.push((
            index,
            account.ok_or(LedgerError::AccountNotFound(side))?,
            leg,
        ));
    }
    Ok(found)
}
