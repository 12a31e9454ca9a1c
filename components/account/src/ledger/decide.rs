//! The decision: may the ledger record this transfer as asked? Pure, so that a test of a few lines
//! shows each case.

use super::COUNTER_MINOR_MAX;
use super::state::{AccountState, OriginalState, Parties};
use crate::account::{AccountStatus, Freeze};
use strongroom_ledger_api::{Decline, Kind, LedgerError, Status, Transfer};
use strongroom_sdk::money::Money;

/// All that the decision looks at.
#[derive(Debug)]
pub struct DecisionInput<'a> {
    pub kind: Kind,
    pub amount: Money,
    pub parties: Parties<'a>,
    /// The hold or posting that a capture, void, expiry, or reversal names.
    pub original: Option<&'a OriginalState>,
    /// By the machine's clock.
    pub now_ms: i64,
}

impl<'a> DecisionInput<'a> {
    pub fn new(
        transfer: &Transfer,
        amount: Money,
        parties: Parties<'a>,
        original: Option<&'a OriginalState>,
        now_ms: i64,
    ) -> Self {
        Self {
            kind: transfer.instruction.kind,
            amount,
            parties,
            original,
            now_ms,
        }
    }
}

/// Decides; `None` accepts.
///
/// Where several declines apply, the first of this list counts, so that the same state always
/// leads to the same decline:
/// 1. of the original: `not_reversible`, `already_reversed`; `already_captured`, `already_voided`,
///    `hold_expired`, `amount_exceeds_hold`. A hold ends at its time, swept or not;
/// 2. of the payer's account: `account_closed`; `account_frozen`, for debits; `currency_mismatch`;
///    `limit_exceeded`, where a counter would grow past [`COUNTER_MINOR_MAX`];
///    `insufficient_funds`, where less than the amount is available;
/// 3. of the payee: the error that there is none; then `account_closed`; `account_frozen`, for
///    credits; `currency_mismatch`; `limit_exceeded`.
///
/// The payer comes first, so that a payer without the money learns nothing of the payee, not even
/// whether there is one. A void and an expiry only release money: for them only the hold counts.
/// What a capture moves was available when it was held.
///
/// # Errors
/// That of [`Parties::destination`]: nothing is recorded.
pub fn decide(input: &DecisionInput<'_>) -> Result<Option<Decline>, LedgerError> {
    if let Err(decline) = check_original(input).and_then(|()| check_payer(input)) {
        return Ok(Some(decline));
    }
    let payee = input.parties.destination.clone()?;
    Ok(check_payee(input, payee).err())
}

/// The decline that follows from the payee's account alone.
pub fn decide_payee_alone(input: &DecisionInput<'_>) -> Option<Decline> {
    check_payee(input, input.parties.payee()).err()
}

fn check_original(input: &DecisionInput<'_>) -> Result<(), Decline> {
    match (input.kind, input.original) {
        (Kind::Reversal, Some(original)) => check_reversible(original),
        (Kind::Capture | Kind::Void | Kind::Expiry, Some(hold)) => check_open_hold(input, hold),
        _ => Ok(()),
    }
}

pub(super) fn check_reversible(original: &OriginalState) -> Result<(), Decline> {
    if original.status != Status::Posted || original.kind == Kind::Reversal {
        return Err(Decline::NotReversible);
    }
    match original.resolved_by {
        Some(_) => Err(Decline::AlreadyReversed),
        None => Ok(()),
    }
}

/// After its time, only an expiry may end a hold.
fn check_open_hold(input: &DecisionInput<'_>, hold: &OriginalState) -> Result<(), Decline> {
    match hold.resolved_by {
        Some(Kind::Capture) => return Err(Decline::AlreadyCaptured),
        Some(Kind::Void) => return Err(Decline::AlreadyVoided),
        Some(_) => return Err(Decline::HoldExpired),
        None => {}
    }
    let is_over = hold
        .expires_at_ms
        .is_some_and(|expires| input.now_ms >= expires);
    if is_over && input.kind != Kind::Expiry {
        return Err(Decline::HoldExpired);
    }
    let held_minor = hold.amount.map_or(0, |held| held.minor());
    if input.amount.minor() > held_minor {
        return Err(Decline::AmountExceedsHold);
    }
    Ok(())
}

fn check_payer(input: &DecisionInput<'_>) -> Result<(), Decline> {
    let Some(payer) = input.parties.source else {
        return Ok(());
    };
    match input.kind {
        Kind::Void | Kind::Expiry => Ok(()),
        Kind::Capture => check_account(payer, input.amount, Freeze::stops_debits),
        _ => check_debit(payer, input.amount),
    }
}

fn check_payee(input: &DecisionInput<'_>, payee: Option<&AccountState>) -> Result<(), Decline> {
    let Some(payee) = payee else {
        return Ok(());
    };
    match input.kind {
        Kind::Void | Kind::Expiry => Ok(()),
        Kind::Capture => check_account(payee, input.amount, Freeze::stops_credits),
        _ => check_credit(payee, input.amount),
    }
}

pub(super) fn check_debit(payer: &AccountState, amount: Money) -> Result<(), Decline> {
    check_account(payer, amount, Freeze::stops_debits)?;
    let balance = &payer.balance;
    // What is pending counts, so that a capture never meets the limit.
    check_limit(balance.debits_posted, balance.debits_pending, amount)?;
    if balance.covers(amount.minor()) {
        Ok(())
    } else {
        Err(Decline::InsufficientFunds)
    }
}

pub(super) fn check_credit(payee: &AccountState, amount: Money) -> Result<(), Decline> {
    check_account(payee, amount, Freeze::stops_credits)?;
    let balance = &payee.balance;
    check_limit(balance.credits_posted, balance.credits_pending, amount)
}

fn check_account(
    state: &AccountState,
    amount: Money,
    stops: fn(Freeze) -> bool,
) -> Result<(), Decline> {
    match state.status {
        AccountStatus::Closed => return Err(Decline::AccountClosed),
        AccountStatus::Frozen if stops(state.freeze.unwrap_or(Freeze::Both)) => {
            return Err(Decline::AccountFrozen);
        }
        AccountStatus::Open | AccountStatus::Frozen => {}
    }
    if state.currency == amount.currency() {
        Ok(())
    } else {
        Err(Decline::CurrencyMismatch)
    }
}

fn check_limit(posted_minor: i64, pending_minor: i64, amount: Money) -> Result<(), Decline> {
    let sum = posted_minor
        .checked_add(pending_minor)
        .and_then(|sum| sum.checked_add(amount.minor()));
    if sum.is_some_and(|sum| sum <= COUNTER_MINOR_MAX) {
        Ok(())
    } else {
        Err(Decline::LimitExceeded)
    }
}
