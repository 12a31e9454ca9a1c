//! The invariants: the hash chain of the audit log verifies, and each user and API key is as the
//! log says.

use crate::audit_log::{
    CREATED, DISABLED, KEY_CONFIRMED, KEY_CREATED, KEY_REVOKED, METADATA, NAME, PASSWORD_RESET,
    ROLE, is_about_key,
};
use crate::email;
use crate::key::{ApiKey, KeyState};
use strongroom_sdk::audit::{Report, Total};
use strongroom_sdk::audit_log::{Step, check_chain, check_targets};
use strongroom_sdk::identity::Role;
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::store::{Row, Store, StoreError};

/// The users, which have no state, and the API keys, in the order of their ids.
const TARGETS: &str = "\
SELECT id, NULL, role, disabled, name, metadata, email, email_key FROM user WHERE id > ?1
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
        changed name, changed metadata, and an API key; users are found by their addresses",
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

/// What the events of a user or an API key come to. Users can make any number of changes: the
/// values before the last do not stay in memory.
#[derive(Default)]
struct History {
    is_of_user: bool,
    role: Option<String>,
    disabled: bool,
    name: Option<Option<String>>,
    metadata: Option<String>,
    is_of_key: bool,
    created_key: Option<String>,
    is_revoked: bool,
    has_unknown_action: bool,
}

impl Extend<Step> for History {
    fn extend<I: IntoIterator<Item = Step>>(&mut self, steps: I) {
        for Step { action, new_value } in steps {
            let is_of_key = is_about_key(&action);
            self.is_of_key |= is_of_key;
            self.is_of_user |= !is_of_key;
            match action.as_str() {
                CREATED | ROLE => self.role = new_value,
                DISABLED => self.disabled = new_value.as_deref() == Some("true"),
                NAME => self.name = Some(new_value),
                METADATA => self.metadata = new_value,
                PASSWORD_RESET | KEY_CONFIRMED => {}
                KEY_CREATED => self.created_key = new_value,
                KEY_REVOKED => self.is_revoked = true,
                _ => self.has_unknown_action = true,
            }
        }
    }
}

/// Whether a row of [`TARGETS`] is the result of these events.
fn is_made_by(row: &Row, history: History) -> Result<bool, StoreError> {
    if history.has_unknown_action {
        return Ok(false);
    }
    match row.optional(1, KeyState::from_row)? {
        None => is_user_made_by(row, history),
        Some(state) => is_key_made_by(row, state, &history),
    }
}

/// A user who registers is an enabled customer. The log does not have the name and the metadata
/// that they chose.
fn is_user_made_by(row: &Row, history: History) -> Result<bool, StoreError> {
    let role = history.role.unwrap_or_else(|| Role::Customer.to_string());
    let name = row.optional(4, Row::text)?;
    let metadata = Metadata::from_row(row, 5)?.to_json();
    Ok(!history.is_of_key
        && row.text(7)? == email::key(&row.text(6)?)
        && role == row.text(2)?
        && history.disabled == (row.integer(3)? != 0)
        && history.name.is_none_or(|logged| logged == name)
        && history.metadata.is_none_or(|logged| logged == metadata))
}

fn is_key_made_by(row: &Row, state: KeyState, history: &History) -> Result<bool, StoreError> {
    let expected = match (&history.created_key, history.is_revoked) {
        (None, false) => KeyState::Pending,
        (None, true) => return Ok(false),
        (Some(_), false) => KeyState::Active,
        (Some(_), true) => KeyState::Revoked,
    };
    let Row(mut columns) = row.clone();
    columns.remove(1);
    let facts = ApiKey::from_row(&Row(columns))?.logged()?;
    let is_as_created = history
        .created_key
        .as_ref()
        .is_none_or(|logged| *logged == facts);
    Ok(!history.is_of_user && state == expected && is_as_created)
}
