//! What the audit log says of an account: all that was done to it other than moving money.
//!
//! An account's row is what its events make of it: its audit finds a change of its owner, number,
//! status, or limit that the log does not have.

use super::record::Account;

/// The action of an account's first event; the new value says what it was opened as.
pub(crate) const OPENED: &str = "opened";
/// Movements were stopped.
pub(crate) const FROZEN: &str = "frozen";
/// Movements were allowed again.
pub(crate) const UNFROZEN: &str = "unfrozen";
/// The overdraft limit was set; the values are decimal strings.
pub(crate) const OVERDRAFT_LIMIT_CHANGED: &str = "overdraft_limit_changed";
/// The account was closed.
pub(crate) const CLOSED: &str = "closed";

/// What an account was opened as: everything about it that never changes, as the new value of its first event.
pub(crate) fn opened_value(account: &Account) -> String {
    serde_json::json!({
        "id": account.id,
        "number": account.number,
        "owner_id": account.owner_id,
        "type": account.account_type.as_str(),
        "name": account.name,
        "currency": account.currency.code(),
        "scale": account.currency.scale(),
        "created_at_ms": account.created_at_ms,
    })
    .to_string()
}
