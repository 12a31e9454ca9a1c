//! The invariants: the hash chain of the log verifies, and each user and API key is as the log says.

use super::{CREATED, DISABLED, KEY_CREATED, KEY_REVOKED, NAME, PASSWORD_RESET, ROLE};
use crate::key::{ApiKey, KeyState};
use strongroom_sdk::audit::{Report, Total};
use strongroom_sdk::audit_log::{Step, check_chain, check_targets};
use strongroom_sdk::identity::Role;
use strongroom_sdk::store::{Row, Store, StoreError};

/// The users, which have no state, and the API keys, in the order of their ids.
const TARGETS: &str = "\
SELECT id, NULL, role, disabled, name, NULL, NULL, NULL FROM user WHERE id > ?1
UNION ALL
SELECT id, state, name, client, scopes, prefix, expires_at, created_at FROM api_key WHERE id > ?1
ORDER BY 1 LIMIT ?2";

/// Checks every invariant.
///
/// # Errors
/// [`StoreError`] where the store fails, or a column has a wrong type. Any other broken row is a
/// violation in the report, and no error.
pub fn check_invariants<S: Store>(store: &S) -> Result<Report, StoreError> {
    let mut report = Report::default();
    check_chain(store, &mut report)?;
    let targets = check_targets(
        store,
        "every user's role is the last one that the audit log says, and so are a disabled user, a \
        changed name, and an API key",
        "user or key",
        TARGETS,
        is_made_by,
    )?;
    report.totals.push(Total {
        name: "users and API keys".to_owned(),
        value: targets.examined.to_string(),
    });
    report.checks.push(targets);
    Ok(report)
}

/// Whether a row of [`TARGETS`] is the result of these steps.
fn is_made_by(row: &Row, steps: Vec<Step>) -> Result<bool, StoreError> {
    match row.optional(1, KeyState::from_row)? {
        None => is_user_made_by(row, steps),
        Some(state) => is_key_made_by(row, state, &steps),
    }
}

fn is_user_made_by(row: &Row, steps: Vec<Step>) -> Result<bool, StoreError> {
    let name = row.optional(4, Row::text)?;
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
    let is_disabled = row.integer(3)? != 0;
    Ok(role == Some(row.text(2)?) && is_disabled == disabled && name == logged_name)
}

fn is_key_made_by(row: &Row, state: KeyState, steps: &[Step]) -> Result<bool, StoreError> {
    let mut expected = KeyState::Pending;
    for Step { action, new_value } in steps {
        expected = match (expected, action.as_str()) {
            (KeyState::Pending, KEY_CREATED) => {
                let Row(mut columns) = row.clone();
                columns.remove(1);
                if *new_value != Some(ApiKey::from_row(&Row(columns))?.logged()?) {
                    return Ok(false);
                }
                KeyState::Active
            }
            (KeyState::Active, KEY_REVOKED) => KeyState::Revoked,
            _ => return Ok(false),
        };
    }
    Ok(state == expected)
}
