//! The invariants: the audit log's hash chain verifies, and each user is what the log made of them.

use strongroom_sdk::audit::{Report, Total};
use strongroom_sdk::audit_log::{Step, check_chain, check_targets};
use strongroom_sdk::identity::Role;
use strongroom_sdk::store::{Row, Store, StoreError};

/// The action of the row that says that a user was made by staff, and with which role.
pub(crate) const CREATED: &str = "user.created";

/// The action of the row that says that a user may not log in any more (`true`), or may again.
pub(crate) const DISABLED: &str = "user.disabled";

/// The action of the row that says that an operator gave a user a new password. It has no values.
pub(crate) const PASSWORD_RESET: &str = "user.password_reset";

const USERS: &str = "SELECT id, role, disabled, name FROM user WHERE id > ?1 ORDER BY id LIMIT ?2";

/// Checks every invariant.
///
/// # Errors
/// [`StoreError`] where the store does not answer, or a row has a column of a type that cannot be. Any other broken row is no error but a
/// violation in the report.
pub fn check_invariants<S: Store>(store: &S) -> Result<Report, StoreError> {
    let mut report = Report::default();
    check_chain(store, &mut report)?;
    let users = check_targets(
        store,
        "every user's role is the last one that the audit log says, and so are a disabled user and a changed name",
        "user",
        USERS,
        is_made_by,
    )?;
    report.totals.push(Total {
        name: "users".to_owned(),
        value: users.examined.to_string(),
    });
    report.checks.push(users);
    Ok(report)
}

/// Whether a row of [`USERS`] is what was done to the user.
fn is_made_by(row: &Row, steps: Vec<Step>) -> Result<bool, StoreError> {
    let name = row.optional(3, Row::text)?;
    // Whoever registers is a customer, and enabled. They may have brought a name that the log does
    // not have.
    let mut role = Some(Role::Customer.to_string());
    let (mut disabled, mut logged_name) = (false, name.clone());
    for Step { action, new_value } in steps {
        match action.as_str() {
            CREATED | "user.role" => role = new_value,
            DISABLED => disabled = new_value.as_deref() == Some("true"),
            "user.name" => logged_name = new_value,
            PASSWORD_RESET => {}
            _ => return Ok(false),
        }
    }
    let is_disabled = row.integer(2)? != 0;
    Ok(role == Some(row.text(1)?) && is_disabled == disabled && name == logged_name)
}
