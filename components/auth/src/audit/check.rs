//! The invariants of users: the audit log's hash chain verifies, and each user has the role that it says.

use super::CREATED;
use strongroom_sdk::audit::{Check, PAGE_ROWS, Pages, Report, Total};
use strongroom_sdk::audit_log::check_chain;
use strongroom_sdk::identity::Role;
use strongroom_sdk::store::{Row, Store, StoreError, Value};
use uuid::Uuid;

const USERS: &str = "SELECT id, role, disabled, name FROM user WHERE id > ?1 ORDER BY id LIMIT ?2";

/// By user, with each row's place in the chain.
const LOG_BY_USER: &str = "SELECT audit_log.target, audit_log.id, coalesce(audit_chain.sequence, 0), audit_log.action, audit_log.new_value
    FROM audit_log LEFT JOIN audit_chain ON audit_chain.event = audit_log.id
    WHERE (audit_log.target, audit_log.id) > (?1, ?2) ORDER BY audit_log.target, audit_log.id LIMIT ?3";

/// Checks every invariant.
///
/// # Errors
/// [`StoreError`] where the store does not answer, or a row has a column of a type that cannot be. Any other broken row is no error but a
/// violation in the report.
pub fn check_invariants<S: Store>(store: &S) -> Result<Report, StoreError> {
    let mut report = Report::default();
    check_chain(
        store,
        "the audit log of users has no gaps, and its hash chain verifies up to its head",
        "audit log",
        &mut report,
    )?;
    check_users(store, &mut report)?;
    Ok(report)
}

/// What the log makes of a user.
#[derive(Debug)]
struct Facts {
    role: String,
    disabled: bool,
    /// The name, if the log says anything of it: a user may have brought one that it does not tell.
    name: Option<Option<String>>,
}

/// One row of [`LOG_BY_USER`]: its place in the chain, what was done, and the new value.
type Step = (i64, String, Option<String>);

fn check_users<S: Store>(store: &S, report: &mut Report) -> Result<(), StoreError> {
    let mut check = Check::new(
        "every user's role is the last one that the audit log says, and so are a disabled user and a changed name",
    );
    let first = [(); 2].map(|()| Value::from(Vec::new()));
    let mut log = Pages::new(store, LOG_BY_USER, first, PAGE_ROWS);
    for row in Pages::new(store, USERS, [Value::from(Vec::new())], PAGE_ROWS) {
        let row = row?;
        let id = row.uuid(0)?;
        let facts = Facts::of(steps_of(Some(id), &mut log, &mut check)?);
        let name = row.optional(3, Row::text)?;
        let is_so = row.text(1)? == facts.role
            && (row.integer(2)? != 0) == facts.disabled
            && facts.name.is_none_or(|told| told == name);
        check.examine();
        check.require(is_so, || {
            format!("user {id}: is not what the audit log made of him")
        });
    }
    steps_of(None, &mut log, &mut check)?;
    report.totals.push(Total {
        name: "users".to_owned(),
        value: check.examined.to_string(),
    });
    report.checks.push(check);
    Ok(())
}

/// What was done to a user, in the order of the chain. Rows of ids before his, and all that is left if there is no further user, are
/// those of nobody.
fn steps_of<S: Store>(
    user: Option<Uuid>,
    log: &mut Pages<'_, S>,
    check: &mut Check,
) -> Result<Vec<Step>, StoreError> {
    let mut steps = Vec::new();
    while let Some(row) = log.peek()? {
        let target = row.uuid(0)?;
        if user.is_some_and(|user| target > user) {
            break;
        }
        if Some(target) == user {
            steps.push((row.integer(2)?, row.text(3)?, row.optional(4, Row::text)?));
        } else {
            let event = row.uuid(1)?;
            check.require(false, || {
                format!("event ({event}): there is no user {target}")
            });
        }
        log.next().transpose()?;
    }
    steps.sort_unstable();
    Ok(steps)
}

impl Facts {
    /// Whoever registers is a customer, and enabled.
    fn of(steps: Vec<Step>) -> Self {
        let mut facts = Self {
            role: Role::Customer.to_string(),
            disabled: false,
            name: None,
        };
        for (_, action, new_value) in steps {
            match action.as_str() {
                CREATED | "user.role" => facts.role = new_value.unwrap_or_default(),
                "user.disabled" => facts.disabled = new_value.as_deref() == Some("true"),
                "user.name" => facts.name = Some(new_value),
                _ => {}
            }
        }
        facts
    }
}
