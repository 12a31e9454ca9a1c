//! How the decision on one transfer changes the two balances.

use strongroom_ledger_api::Kind;

/// The amounts added to the source's debits and to the destination's credits, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// To the posted counters; never negative.
    pub posted: i64,
    /// To the pending counters; negative where a hold ends.
    pub pending: i64,
}

impl Movement {
    /// The movement of an accepted transfer; `held_minor` is the amount of the hold that it ends.
    pub fn of(kind: Kind, amount_minor: i64, held_minor: i64) -> Self {
        let (posted, pending) = match kind {
            Kind::Deposit | Kind::Withdrawal | Kind::Transfer | Kind::Reversal | Kind::Posting => {
                (amount_minor, 0)
            }
            Kind::Hold => (0, amount_minor),
            Kind::Capture => (amount_minor, -held_minor),
            Kind::Void | Kind::Expiry => (0, -held_minor),
        };
        Self { posted, pending }
    }
}
