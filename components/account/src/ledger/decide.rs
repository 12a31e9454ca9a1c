//! The decision: may this transfer be recorded as asked? Pure, so that every case is a test of a few lines.

use super::COUNTER_MINOR_MAX;
use super::situation::{Standing, SubjectStanding};
use crate::account::{AccountStatus, Freeze};
use strongroom_ledger_api::{Decline, Kind, Status};
use strongroom_sdk::money::Money;

/// What is to be decided. A bank's account that does not exist yet is `None`.
#[derive(Debug)]
pub struct Question<'a> {
    pub kind: Kind,
    pub amount: Money,
    pub source: Option<&'a Standing>,
    pub destination: Option<&'a Standing>,
    /// Of a capture, void, expiry, or reversal.
    pub subject: Option<&'a SubjectStanding>,
    /// When the decision is recorded.
    pub now_ms: i64,
}

/// Decides.
///
/// # Errors
/// Where several declines apply, the first of this list is told, so that the same situation always gives the same answer:
/// 1. what the subject says: `not_reversible`, `already_reversed`; `already_captured`, `already_voided`, `hold_expired`,
///    `amount_exceeds_hold`. A hold that nobody has voided or captured ends at its time, whether or not it was swept;
/// 2. `account_closed`: source or destination is closed;
/// 3. `account_frozen`: the source is frozen for debits, or the destination for credits;
/// 4. `currency_mismatch`: source or destination is kept in another currency;
/// 5. `limit_exceeded`: a counter would grow past [`COUNTER_MINOR_MAX`];
/// 6. `insufficient_funds`: the source has less than that available.
///
/// The last place of `insufficient_funds` is meant: it is the one decline that a customer can cure alone. A void and an expiry only
/// release, and so look at nothing but the hold; what a capture moves was available when it was held.
pub fn decide(question: &Question<'_>) -> Result<(), Decline> {
    match (question.kind, question.subject) {
        (Kind::Reversal, Some(subject)) => decide_reversible(subject)?,
        (Kind::Capture | Kind::Void | Kind::Expiry, Some(subject)) => {
            decide_open(question, subject)?;
        }
        _ => {}
    }
    match question.kind {
        Kind::Void | Kind::Expiry => Ok(()),
        Kind::Capture => decide_accounts(question),
        Kind::Deposit | Kind::Withdrawal | Kind::Transfer | Kind::Hold | Kind::Reversal => {
            decide_accounts(question)?;
            decide_funds(question)
        }
    }
}

fn decide_reversible(subject: &SubjectStanding) -> Result<(), Decline> {
    if subject.status != Status::Posted || subject.kind == Kind::Reversal {
        return Err(Decline::NotReversible);
    }
    match subject.resolved_by {
        Some(_) => Err(Decline::AlreadyReversed),
        None => Ok(()),
    }
}

/// Whether the hold still is one. The sweep alone may end it after its time.
fn decide_open(question: &Question<'_>, subject: &SubjectStanding) -> Result<(), Decline> {
    match subject.resolved_by {
        Some(Kind::Capture) => return Err(Decline::AlreadyCaptured),
        Some(Kind::Void) => return Err(Decline::AlreadyVoided),
        Some(_) => return Err(Decline::HoldExpired),
        None => {}
    }
    let is_over = subject
        .expires_at_ms
        .is_some_and(|expires| question.now_ms >= expires);
    if is_over && question.kind != Kind::Expiry {
        return Err(Decline::HoldExpired);
    }
    if question.amount.minor() > subject.amount.minor() {
        return Err(Decline::AmountExceedsHold);
    }
    Ok(())
}

fn decide_accounts(question: &Question<'_>) -> Result<(), Decline> {
    let (source, destination) = (question.source, question.destination);
    let any =
        |test: &dyn Fn(&Standing) -> bool| [source, destination].into_iter().flatten().any(test);
    if any(&|standing| standing.status == AccountStatus::Closed) {
        return Err(Decline::AccountClosed);
    }
    let frozen = |standing: Option<&Standing>, stops: fn(Freeze) -> bool| {
        standing
            .filter(|standing| standing.status == AccountStatus::Frozen)
            .is_some_and(|standing| stops(standing.freeze.unwrap_or(Freeze::Both)))
    };
    if frozen(source, Freeze::stops_debits) || frozen(destination, Freeze::stops_credits) {
        return Err(Decline::AccountFrozen);
    }
    if any(&|standing| standing.currency != question.amount.currency()) {
        return Err(Decline::CurrencyMismatch);
    }
    Ok(())
}

fn decide_funds(question: &Question<'_>) -> Result<(), Decline> {
    let amount = question.amount.minor();
    // What is pending counts, so that a capture never meets the limit.
    let debits = question.source.map_or((0, 0), |standing| {
        (
            standing.balance.debits_posted,
            standing.balance.debits_pending,
        )
    });
    let credits = question.destination.map_or((0, 0), |standing| {
        (
            standing.balance.credits_posted,
            standing.balance.credits_pending,
        )
    });
    if !fits(debits, amount) || !fits(credits, amount) {
        return Err(Decline::LimitExceeded);
    }
    let covers = |standing: &Standing| standing.balance.covers(amount);
    if !question.source.is_none_or(covers) {
        return Err(Decline::InsufficientFunds);
    }
    Ok(())
}

fn fits((posted, pending): (i64, i64), amount_minor: i64) -> bool {
    posted
        .checked_add(pending)
        .and_then(|sum| sum.checked_add(amount_minor))
        .is_some_and(|sum| sum <= COUNTER_MINOR_MAX)
}
