//! The invariants: the hash chain of the log verifies, and each user is as the log says.

use super::{CREATED, DISABLED, NAME, PASSWORD_RESET, ROLE};
use strongroom_sdk::audit::{Report, Total};
use strongroom_sdk::audit_log::{Step, check_chain, check_targets};
use strongroom_sdk::identity::Role;
use strongroom_sdk::store::{Row, Store, StoreError};

const USERS: &str = "SELECT id, role, disabled, name FROM user WHERE id > ?1 ORDER BY id LIMIT ?2";

/// Checks every invariant.
///
/// # Errors
/// [`StoreError`] where the store fails, or a column has a wrong type. Any other broken row is a
/// violation in the report, and no error.
pub fn check_invariants<S: Store>(store: &S) -> Result<Report, StoreError> {
    let mut report = Report::default();
    check_chain(store, &mut report)?;
    let users = check_targets(
        store,
        "every user's role is the last one that the audit log says, and so are a disabled user and \
        a changed name",
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

/// Whether a row of [`USERS`] is the result of these steps.
fn is_made_by(row: &Row, steps: Vec<Step>) -> Result<bool, StoreError> {
    let name = row.optional(3, Row::text)?;
    // A user who registers is an enabled customer. The log does not have the name that they chose.
    let mut role = Some(Role::Customer.to_string());
    let (mut disabled, mut logged_name) = (false, name.clone());
    for Step { action, new_value } in steps {
        match action.as_str() {
            CREATED | ROLE => role = new_value,
            DISABLED => disabled = new_value.as_deref() == Some("true"),
            NAME => logged_name = new_value,
            PASSWORD_RESET => {}
            _ => return Ok(false),
        }
    }
    let is_disabled = row.integer(2)? != 0;
    Ok(role == Some(row.text(1)?) && is_disabled == disabled && name == logged_name)
}
