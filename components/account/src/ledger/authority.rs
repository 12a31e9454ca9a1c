//! Which accounts a request may name.

use super::journal::AccountOfRow;
use crate::account::{BANK_OWNER, Direction};
use strongroom_ledger_api::DebitAuthority;

/// Whether a request with this authority may debit or credit an account.
///
/// - No request names a settlement account: the ledger finds it by the currency.
/// - Any other account may be credited: a customer pays a fee into an internal account as into that
///   of another customer.
/// - Owners debit their own accounts. Only the bank debits an internal account.
pub fn may_name(authority: DebitAuthority, direction: Direction, account: AccountOfRow) -> bool {
    if account.is_settlement() {
        return false;
    }
    match (direction, authority) {
        (Direction::Credit, _) | (Direction::Debit, DebitAuthority::Bank) => true,
        (Direction::Debit, DebitAuthority::Owner(owner)) => {
            account.owner_id == owner && owner != BANK_OWNER
        }
    }
}
