//! The words of the audit log for accounts. The log has every change of an account but movements of
//! money; the audit compares each account with its events.

use super::record::Account;

/// The action of an account's first event; [`opened_value`] is its new value.
pub(crate) const OPENED: &str = "opened";
/// Movements were stopped.
pub(crate) const FROZEN: &str = "frozen";
/// Movements were allowed again.
pub(crate) const UNFROZEN: &str = "unfrozen";
/// The account's name was set or removed; no value is no name.
pub(crate) const NAME_CHANGED: &str = "name_changed";
/// The account's metadata was changed; the values are JSON texts.
pub(crate) const METADATA_CHANGED: &str = "metadata_changed";
/// The overdraft limit was set; the values are decimal strings, and no value is no limit.
pub(crate) const OVERDRAFT_LIMIT_CHANGED: &str = "overdraft_limit_changed";
/// The account was closed.
pub(crate) const CLOSED: &str = "closed";

/// Everything about a new account that its type does not say, as the new value of its first event.
pub(crate) fn opened_value(account: &Account) -> String {
    serde_json::json!({
        "id": account.id,
        "number": account.number,
        "owner_id": account.owner_id,
        "type": account.account_type.as_str(),
        "code": account.code,
        "name": account.name,
        "currency": account.currency.code(),
        "scale": account.currency.scale(),
        "metadata": account.metadata,
        "created_at_ms": account.created_at_ms,
    })
    .to_string()
}
