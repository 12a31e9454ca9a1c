//! The decision: may this transfer be recorded as asked? Pure, so that every case is a test of a few lines.

use super::COUNTER_MINOR_MAX;
use super::state::{OriginalState, Payee, Standing};
use crate::account::{AccountStatus, Freeze};
use strongroom_ledger_api::{Decline, Kind, LedgerError, Status, Transfer};
use strongroom_sdk::money::Money;

/// What is to be decided.
#[derive(Debug)]
pub struct Question<'a> {
    pub kind: Kind,
    pub amount: Money,
    /// A bank's account that does not exist yet is `None`.
    pub source: Option<&'a Standing>,
    pub destination: Payee<'a>,
    /// Of a capture, void, expiry, or reversal.
    pub original: Option<&'a OriginalState>,
    /// By the machine's clock.
    pub now_ms: i64,
}

impl<'a> Question<'a> {
    /// What a transfer between these parties asks.
    pub fn of(
        transfer: &Transfer,
        (source, destination): (Option<&'a Standing>, Payee<'a>),
        original: Option<&'a OriginalState>,
        now_ms: i64,
    ) -> Self {
        Self {
            kind: transfer.instruction.kind,
            amount: transfer.instruction.amount,
            source,
            destination,
            original,
            now_ms,
        }
    }
}

/// Decides: `None` accepts.
///
/// Where several declines apply, the first of this list is told, so that the same situation always gives the same answer:
/// 1. what the original says: `not_reversible`, `already_reversed`; `already_captured`, `already_voided`, `hold_expired`,
///    `amount_exceeds_hold`. A hold that nobody has voided or captured ends at its time, whether or not it was swept;
/// 2. what the payer's account says: `account_closed`; `account_frozen`, for debits;
///    `currency_mismatch`; `limit_exceeded`, where a counter would grow past [`COUNTER_MINOR_MAX`];
///    `insufficient_funds`, where less than that is available;
/// 3. what the payee's says: that there is none, which is an error; then `account_closed`;
///    `account_frozen`, for credits; `currency_mismatch`; `limit_exceeded`.
///
/// The payer comes first so that nobody without the money learns anything of the payee, not even
/// whether there is one. A void and an expiry only release, and so look at nothing but the hold;
/// what a capture moves was available when it was held.
///
/// # Errors
/// That of [`Question::destination`]: nothing is recorded.
pub fn decide(question: &Question<'_>) -> Result<Option<Decline>, LedgerError> {
    if let Err(decline) = decide_original(question).and_then(|()| decide_payer(question)) {
        return Ok(Some(decline));
    }
    let destination = question.destination.clone()?;
    Ok(decide_payee(question, destination).err())
}

/// What the payee's account says by itself, of a payment that has one.
pub fn decide_payee_alone(question: &Question<'_>) -> Option<Decline> {
    let payee = question.destination.as_ref().ok().copied().flatten();
    decide_payee(question, payee).err()
}

fn decide_original(question: &Question<'_>) -> Result<(), Decline> {
    match (question.kind, question.original) {
        (Kind::Reversal, Some(original)) => decide_reversible(original),
        (Kind::Capture | Kind::Void | Kind::Expiry, Some(original)) => {
            decide_open(question, original)
        }
        _ => Ok(()),
    }
}

fn decide_reversible(original: &OriginalState) -> Result<(), Decline> {
    if original.status != Status::Posted || original.kind == Kind::Reversal {
        return Err(Decline::NotReversible);
    }
    match original.resolved_by {
        Some(_) => Err(Decline::AlreadyReversed),
        None => Ok(()),
    }
}

/// Whether the hold still is one. The sweep alone may end it after its time.
fn decide_open(question: &Question<'_>, original: &OriginalState) -> Result<(), Decline> {
    match original.resolved_by {
        Some(Kind::Capture) => return Err(Decline::AlreadyCaptured),
        Some(Kind::Void) => return Err(Decline::AlreadyVoided),
        Some(_) => return Err(Decline::HoldExpired),
        None => {}
    }
    let is_over = original
        .expires_at_ms
        .is_some_and(|expires| question.now_ms >= expires);
    if is_over && question.kind != Kind::Expiry {
        return Err(Decline::HoldExpired);
    }
    if question.amount.minor() > original.amount.minor() {
        return Err(Decline::AmountExceedsHold);
    }
    Ok(())
}

fn decide_payer(question: &Question<'_>) -> Result<(), Decline> {
    let Some(payer) = question.source else {
        return Ok(());
    };
    match question.kind {
        Kind::Void | Kind::Expiry => Ok(()),
        Kind::Capture => decide_account(payer, question.amount, Freeze::stops_debits),
        Kind::Deposit | Kind::Withdrawal | Kind::Transfer | Kind::Hold | Kind::Reversal => {
            decide_account(payer, question.amount, Freeze::stops_debits)?;
            let balance = &payer.balance;
            // What is pending counts, so that a capture never meets the limit.
            let debits = (balance.debits_posted, balance.debits_pending);
            decide_limit(debits, question.amount)?;
            if balance.covers(question.amount.minor()) {
                Ok(())
            } else {
                Err(Decline::InsufficientFunds)
            }
        }
    }
}

fn decide_payee(question: &Question<'_>, payee: Option<&Standing>) -> Result<(), Decline> {
    let Some(payee) = payee else {
        return Ok(());
    };
    match question.kind {
        Kind::Void | Kind::Expiry => Ok(()),
        Kind::Capture => decide_account(payee, question.amount, Freeze::stops_credits),
        Kind::Deposit | Kind::Withdrawal | Kind::Transfer | Kind::Hold | Kind::Reversal => {
            decide_account(payee, question.amount, Freeze::stops_credits)?;
            let balance = &payee.balance;
            let credits = (balance.credits_posted, balance.credits_pending);
            decide_limit(credits, question.amount)
        }
    }
}

fn decide_account(
    standing: &Standing,
    amount: Money,
    stops: fn(Freeze) -> bool,
) -> Result<(), Decline> {
    match standing.status {
        AccountStatus::Closed => return Err(Decline::AccountClosed),
        AccountStatus::Frozen if stops(standing.freeze.unwrap_or(Freeze::Both)) => {
            return Err(Decline::AccountFrozen);
        }
        AccountStatus::Open | AccountStatus::Frozen => {}
    }
    if standing.currency == amount.currency() {
        Ok(())
    } else {
        Err(Decline::CurrencyMismatch)
    }
}

fn decide_limit((posted, pending): (i64, i64), amount: Money) -> Result<(), Decline> {
    let sum = posted
        .checked_add(pending)
        .and_then(|sum| sum.checked_add(amount.minor()));
    if sum.is_some_and(|sum| sum <= COUNTER_MINOR_MAX) {
        Ok(())
    } else {
        Err(Decline::LimitExceeded)
    }
}
