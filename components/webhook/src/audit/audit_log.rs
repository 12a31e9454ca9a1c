//! Each webhook is what the audit log made of it.

use crate::webhook::{CHANGED, COLUMNS, CREATED, DELETED, ENDED, RECEIVER_GONE, Webhook};
use strongroom_sdk::audit::Check;
use strongroom_sdk::audit_log::{Step, check_targets};
use strongroom_sdk::store::{Row, Store, StoreError};

pub(super) fn check<S: Store>(store: &S) -> Result<Check, StoreError> {
    check_targets(
        store,
        "every webhook is what the audit log made of it",
        "webhook",
        format!("SELECT id, {COLUMNS} FROM webhook WHERE id > ?1 ORDER BY id LIMIT ?2"),
        is_made_by,
    )
}

/// What the steps of one webhook come to. A webhook can be changed any number of times.
#[derive(Default)]
struct Made {
    /// What it was created as, and what the last change made of it.
    facts: Option<String>,
    /// The steps that may be there once at most, and in this order.
    course: Vec<&'static str>,
    ended_because: Option<String>,
}

impl Extend<Step> for Made {
    fn extend<T: IntoIterator<Item = Step>>(&mut self, steps: T) {
        for Step { action, new_value } in steps {
            match action.as_str() {
                CREATED => {
                    self.course.push(CREATED);
                    self.facts = new_value;
                }
                CHANGED => self.facts = new_value,
                ENDED => {
                    self.course.push(ENDED);
                    self.ended_because = new_value;
                }
                DELETED => self.course.push(DELETED),
                _ => {}
            }
        }
    }
}

/// Whether the webhook was created once, is what it was created as or changed to last, has ended
/// once if it has ended, and was deleted once if it is deleted.
fn is_made_by(row: &Row, made: Made) -> Result<bool, StoreError> {
    let webhook = Webhook::from_row(&row.clone().behind(1))?;
    let ended = webhook.ended_at_ms.map(|_| ENDED);
    let deleted = webhook.is_deleted.then_some(DELETED);
    let course = [Some(CREATED), ended, deleted].into_iter().flatten();
    let reason = ended.map(|_| RECEIVER_GONE);
    Ok(made.course.into_iter().eq(course)
        && made.facts == Some(webhook.facts())
        && made.ended_because.as_deref() == reason)
}
