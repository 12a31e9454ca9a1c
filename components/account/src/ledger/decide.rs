//! The decision: may this transfer be posted? Pure, so that every case is a test of a few lines.

use super::COUNTER_MINOR_MAX;
use super::situation::Standing;
use super::transfer::Decline;
use crate::account::AccountStatus;

/// Decides on a transfer of `amount_minor` of `currency`. A bank's account that does not exist yet is `None`.
///
/// # Errors
/// Where several declines apply, the first of this list is told, so that the same situation always gives the same answer:
/// 1. `account_closed`: source or destination is closed;
/// 2. `account_frozen`: source or destination is frozen;
/// 3. `currency_mismatch`: source or destination is kept in another currency;
/// 4. `limit_exceeded`: a counter would grow past [`COUNTER_MINOR_MAX`];
/// 5. `insufficient_funds`: the source has less than that available.
///
/// The last place of `insufficient_funds` is meant: it is the one decline that a customer can cure alone.
pub fn decide(
    source: Option<&Standing>,
    destination: Option<&Standing>,
    amount_minor: i64,
    currency: &str,
) -> Result<(), Decline> {
    let any =
        |test: &dyn Fn(&Standing) -> bool| [source, destination].into_iter().flatten().any(test);
    if any(&|standing| standing.status == AccountStatus::Closed) {
        return Err(Decline::AccountClosed);
    }
    if any(&|standing| standing.status == AccountStatus::Frozen) {
        return Err(Decline::AccountFrozen);
    }
    if any(&|standing| standing.currency != currency) {
        return Err(Decline::CurrencyMismatch);
    }
    let debits = source.map_or(0, |standing| standing.balance.debits_posted);
    let credits = destination.map_or(0, |standing| standing.balance.credits_posted);
    if !fits(debits, amount_minor) || !fits(credits, amount_minor) {
        return Err(Decline::LimitExceeded);
    }
    if !source.is_none_or(|standing| standing.balance.covers(amount_minor)) {
        return Err(Decline::InsufficientFunds);
    }
    Ok(())
}

fn fits(counter: i64, amount_minor: i64) -> bool {
    counter
        .checked_add(amount_minor)
        .is_some_and(|sum| sum <= COUNTER_MINOR_MAX)
}
