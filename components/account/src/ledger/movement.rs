//! What a decision does to the two balances. Pure: the single transfer, the batch, and the audit agree on it by construction.

use super::state::Standing;
use strongroom_ledger_api::Kind;

/// What is added to the source's debits and to the destination's credits, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// To what is posted; never negative.
    pub posted: i64,
    /// To what is pending; negative where a hold ends.
    pub pending: i64,
}

impl Movement {
    /// Of an accepted transfer of `kind` and `amount_minor`; `held_minor` is the amount of the hold that it ends.
    pub fn of(kind: Kind, amount_minor: i64, held_minor: i64) -> Self {
        match kind {
            Kind::Deposit | Kind::Withdrawal | Kind::Transfer | Kind::Reversal => Self {
                posted: amount_minor,
                pending: 0,
            },
            Kind::Hold => Self {
                posted: 0,
                pending: amount_minor,
            },
            Kind::Capture => Self {
                posted: amount_minor,
                pending: -held_minor,
            },
            Kind::Void | Kind::Expiry => Self {
                posted: 0,
                pending: -held_minor,
            },
        }
    }

    /// Moves it in memory, for the next decision of the same transaction. `decide` has seen that no counter leaves its limits.
    pub fn apply(self, source: &mut Standing, destination: &mut Standing) {
        source.balance.debits_posted += self.posted;
        source.balance.debits_pending += self.pending;
        destination.balance.credits_posted += self.posted;
        destination.balance.credits_pending += self.pending;
        if self.posted > 0 {
            source.entry_count += 1;
            destination.entry_count += 1;
        }
    }
}
