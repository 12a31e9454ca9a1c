//! An account's balance: four counters and a limit.

use strongroom_sdk::store::{Row, StoreError};

/// The counters of an account, in minor units. A customer's account is a liability of the bank:
/// credits are what the bank owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// How far below zero the account may go; none where it has no limit, as only accounts of the
    /// bank may be.
    pub overdraft_limit: Option<i64>,
    /// All debits ever posted.
    pub debits_posted: i64,
    /// All credits ever posted.
    pub credits_posted: i64,
    /// Debits of open holds.
    pub debits_pending: i64,
    /// Credits of open holds.
    pub credits_pending: i64,
}

impl Balance {
    /// Reads limit, debits posted, credits posted, debits pending, and credits pending from five
    /// columns in a row.
    ///
    /// # Errors
    /// [`StoreError::Row`] where a counter is negative, or a column is no integer.
    pub fn from_row(row: &Row, column: usize) -> Result<Self, StoreError> {
        let balance = Self {
            overdraft_limit: row.optional(column, Row::integer)?,
            debits_posted: row.integer(column + 1)?,
            credits_posted: row.integer(column + 2)?,
            debits_pending: row.integer(column + 3)?,
            credits_pending: row.integer(column + 4)?,
        };
        let counters = [
            balance.overdraft_limit.unwrap_or(0),
            balance.debits_posted,
            balance.credits_posted,
            balance.debits_pending,
            balance.credits_pending,
        ];
        if counters.iter().any(|counter| *counter < 0) {
            return Err(StoreError::Row(
                "a balance has a negative counter".to_owned(),
            ));
        }
        Ok(balance)
    }

    /// Posted credits minus posted debits. Neither is negative, so the difference fits.
    pub fn posted(&self) -> i64 {
        self.credits_posted - self.debits_posted
    }

    /// The amount that may be debited now: the balance, less the holds, plus the overdraft limit if
    /// there is one. Pending credits do not count. A sum of four `i64` may need an `i128`.
    pub fn available(&self) -> i128 {
        i128::from(self.credits_posted)
            - i128::from(self.debits_posted)
            - i128::from(self.debits_pending)
            + i128::from(self.overdraft_limit.unwrap_or(0))
    }

    /// Whether `amount_minor` may be debited now.
    pub fn covers(&self, amount_minor: i64) -> bool {
        self.overdraft_limit.is_none() || self.available() >= i128::from(amount_minor)
    }
}
