//! What administrators did to webhooks, in the audit log: a webhook is a way out of the bank for what happens in it.

use super::record::{WEBHOOK_COLUMN_COUNT, WEBHOOK_COLUMNS, Webhook};
use super::rows;
use serde::{Deserialize, Serialize};
use strongroom_sdk::audit_log::{self, Actor, Event, Record};
use strongroom_sdk::clock::{Clock, format_rfc3339};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};
use uuid::Uuid;

/// The action of the row that says that a webhook was made.
pub const CREATED: &str = "webhook.created";
/// The action of the row that says that a webhook was deleted.
pub const DELETED: &str = "webhook.deleted";
/// The action of the row that says that a delivery was to be sent again.
pub const RESENT: &str = "webhook.resent";

/// Who acts, and when.
#[derive(Debug)]
pub struct Act<'a, C, R> {
    /// Who, and in which request.
    pub actor: Actor,
    /// The time.
    pub clock: &'a C,
    /// Makes the row's id.
    pub random: &'a R,
}

impl<C: Clock, R: Random> Act<'_, C, R> {
    /// Makes a webhook; false, and nothing is told, if its id is there already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn insert(
        &self,
        transaction: &impl Transaction,
        webhook: &Webhook,
    ) -> Result<bool, StoreError> {
        let is_new = rows::insert(transaction, webhook)?;
        if is_new {
            self.tell(
                transaction,
                CREATED,
                webhook.id,
                None,
                Some(facts(webhook).to_string()),
            )?;
        }
        Ok(is_new)
    }

    /// Deletes a webhook; false, and nothing is told, if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delete(&self, transaction: &impl Transaction, id: Uuid) -> Result<bool, StoreError> {
        let Some(webhook) = rows::find(transaction, id)? else {
            return Ok(false);
        };
        let was_there = rows::delete(transaction, id, self.clock.now_ms())?;
        if was_there {
            self.tell(
                transaction,
                DELETED,
                id,
                Some(facts(&webhook).to_string()),
                None,
            )?;
        }
        Ok(was_there)
    }

    /// Has a delivery sent again; false, and nothing is told, if there is no such delivery, or no such webhook any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn resend(
        &self,
        transaction: &impl Transaction,
        id: Uuid,
        sequence: u64,
    ) -> Result<bool, StoreError> {
        let webhook = rows::find(transaction, id)?.filter(|webhook| !webhook.is_deleted);
        let Some(webhook) = webhook else {
            return Ok(false);
        };
        let was_there = rows::resend(transaction, webhook.key, sequence, self.clock.now_ms())?;
        if was_there {
            let new_value = Some(sequence.to_string());
            self.tell(transaction, RESENT, id, None, new_value)?;
        }
        Ok(was_there)
    }

    fn tell(
        &self,
        transaction: &impl Transaction,
        action: &'static str,
        target: Uuid,
        old_value: Option<String>,
        new_value: Option<String>,
    ) -> Result<(), StoreError> {
        Record {
            id: self.random.uuid_v7(self.clock),
            at_ms: self.clock.now_ms(),
            actor: &self.actor,
            action,
            target,
            old_value,
            new_value,
        }
        .insert(transaction)
    }
}

/// What a webhook was made as, without its secret: the value of the rows that tell of it. The members never change: rows of before have them.
pub fn facts(webhook: &Webhook) -> serde_json::Value {
    let Webhook {
        url,
        events,
        created_by,
        created_at_ms,
        ..
    } = webhook;
    serde_json::json!({
        "url": url, "events": events, "created_by": created_by, "created_at_ms": created_at_ms,
    })
}

/// How many webhooks one [`tell_untold`] reads at a time.
const UNTOLD_ROWS: i64 = 100;

/// Tells of what the log says nothing of: what a release did that had no log, also one that was still at work when this one had begun. It
/// is told as the bank's own, as nobody knows any more in which request it was.
///
/// # Errors
/// [`StoreError`].
pub fn tell_untold<S: Store>(
    store: &S,
    clock: &impl Clock,
    random: &impl Random,
) -> Result<(), StoreError> {
    let act = Act {
        actor: Actor::BANK,
        clock,
        random,
    };
    let sql = format!(
        "SELECT {WEBHOOK_COLUMNS}, {} FROM webhook
         WHERE NOT {} OR (deleted_at_ms IS NOT NULL AND NOT {}) ORDER BY key LIMIT ?3",
        told("?1"),
        told("?1"),
        told("?2")
    );
    let params = [
        Value::from(CREATED),
        Value::from(DELETED),
        Value::from(UNTOLD_ROWS),
    ];
    // Reading first: most starts find nothing, and then do not take the writer's turn.
    while !store.query(&sql, &params)?.rows.is_empty() {
        let transaction = store.begin()?;
        for row in transaction.query(&sql, &params)? {
            let webhook = Webhook::from_row(&row)?;
            let made_as = facts(&webhook).to_string();
            if row.integer(WEBHOOK_COLUMN_COUNT)? == 0 {
                act.tell(
                    &transaction,
                    CREATED,
                    webhook.id,
                    None,
                    Some(made_as.clone()),
                )?;
            }
            if webhook.is_deleted {
                act.tell(&transaction, DELETED, webhook.id, Some(made_as), None)?;
            }
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Whether the log tells of an action on the row's webhook.
fn told(action: &str) -> String {
    format!("EXISTS (SELECT 1 FROM audit_log WHERE target = webhook.id AND action = {action})")
}

/// The parameters of `GET /webhooks/audit-log`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogFilter {
    /// To which webhook it was done.
    #[serde(default)]
    pub webhook_id: Option<Uuid>,
}

/// One thing that was done to a webhook.
#[derive(Debug, Clone, Serialize)]
pub struct LogView {
    id: Uuid,
    /// [`CREATED`], [`DELETED`], or [`RESENT`].
    action: String,
    actor_id: Uuid,
    webhook_id: Uuid,
    old_value: Option<String>,
    new_value: Option<String>,
    request_id: Option<String>,
    created_at: String,
}

impl From<Event> for LogView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            action: event.action,
            actor_id: event.actor,
            webhook_id: event.target,
            old_value: event.old_value,
            new_value: event.new_value,
            request_id: event.request_id,
            created_at: format_rfc3339(event.at_ms),
        }
    }
}

/// A page of what was done to webhooks, newest first.
///
/// # Errors
/// [`StoreError`].
pub fn log<S: Store>(store: &S, page: &Page<Uuid, LogFilter>) -> Result<List<LogView>, StoreError> {
    let list = audit_log::page(store, page, page.filter.webhook_id)?;
    Ok(list.map(LogView::from))
}
