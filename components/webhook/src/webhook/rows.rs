//! The statements of the table `webhook`.

use super::record::{COLUMNS, Webhook};
use strongroom_ledger_api::Posting;
use strongroom_sdk::page::Window;
use strongroom_sdk::store::{Reader, Store, StoreError, Transaction, Value};
use uuid::Uuid;

const INSERT: &str = "\
INSERT INTO webhook (id, url, secret, events, created_by, created_at_ms, cursor)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const COUNT: &str =
    "SELECT count(*) FROM webhook WHERE deleted_at_ms IS NULL AND ended_at_ms IS NULL";

const CHANGE: &str = "\
UPDATE webhook SET url = ?2, events = ?3 WHERE key = ?1 AND deleted_at_ms IS NULL";

/// The secrets are deleted too.
const DELETE: &str = "\
UPDATE webhook SET deleted_at_ms = ?2, secret = zeroblob(0)
WHERE key = ?1 AND deleted_at_ms IS NULL";

const END: &str = "\
UPDATE webhook SET ended_at_ms = ?2
WHERE key = ?1 AND url = ?3 AND deleted_at_ms IS NULL AND ended_at_ms IS NULL";

const DELETE_EARLIER_SECRETS: &str = "DELETE FROM webhook_earlier_secret WHERE webhook_key = ?1";

const MOVE_CURSOR: &str = "UPDATE webhook SET cursor = ?2 WHERE key = ?1 AND cursor < ?2";

const PASS: &str = "\
INSERT INTO webhook_passed (webhook_key, id) VALUES (?1, ?2)
ON CONFLICT DO UPDATE SET id = ?2";

pub(crate) fn insert(transaction: &impl Transaction, webhook: &Webhook) -> Result<(), StoreError> {
    let params = vec![
        Value::from(webhook.id),
        Value::from(webhook.url.as_str()),
        Value::from(webhook.secret.bytes()),
        events(webhook)?,
        Value::from(webhook.created_by),
        Value::from(webhook.created_at_ms),
        integer(webhook.cursor),
    ];
    transaction.change(INSERT, params, 1)
}

/// Stores the URL and the events of a webhook that is not deleted.
pub(crate) fn change(transaction: &impl Transaction, webhook: &Webhook) -> Result<(), StoreError> {
    let url = Value::from(webhook.url.as_str());
    let params = vec![webhook.key.into(), url, events(webhook)?];
    transaction.change(CHANGE, params, 1)
}

fn events(webhook: &Webhook) -> Result<Value, StoreError> {
    let events = webhook.events.as_ref().map(serde_json::to_string);
    let events = events.transpose();
    Ok(Value::from(
        events.map_err(|error| StoreError::Row(error.to_string()))?,
    ))
}

/// The webhook of an id, deleted or not.
pub(crate) fn find(from: &impl Reader, id: Uuid) -> Result<Option<Webhook>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook WHERE id = ?1");
    from.query(&sql, &[id.into()])?.one(Webhook::from_row)
}

/// The webhooks of a window that are not deleted.
pub(crate) fn list<S: Store>(store: &S, window: &Window) -> Result<Vec<Webhook>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook WHERE deleted_at_ms IS NULL AND key {{beyond}} ?1 \
         ORDER BY key {{order}} LIMIT ?2"
    );
    let params = [window.key(), window.fetch.into()];
    store
        .query(&window.sql(&sql), &params)?
        .all(Webhook::from_row)
}

/// The webhooks that get deliveries, at most `limit`.
pub(crate) fn active<S: Store>(store: &S, limit: i64) -> Result<Vec<Webhook>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook WHERE deleted_at_ms IS NULL AND ended_at_ms IS NULL \
         ORDER BY key DESC LIMIT ?1"
    );
    store
        .query(&sql, &[Value::from(limit)])?
        .all(Webhook::from_row)
}

/// How many webhooks get deliveries.
pub(crate) fn count(transaction: &impl Transaction) -> Result<i64, StoreError> {
    transaction.query(COUNT, &[])?.number()
}

/// Deletes a webhook that is not deleted.
pub(crate) fn delete(
    transaction: &impl Transaction,
    key: i64,
    now_ms: i64,
) -> Result<(), StoreError> {
    transaction.execute(DELETE_EARLIER_SECRETS, &[key.into()])?;
    transaction.change(DELETE, vec![key.into(), now_ms.into()], 1)
}

/// Ends a webhook; false if it was deleted, has ended already, or has another URL by now.
pub(crate) fn end(
    transaction: &impl Transaction,
    webhook: &Webhook,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let url = Value::from(webhook.url.as_str());
    let params = [webhook.key.into(), now_ms.into(), url];
    Ok(transaction.execute(END, &params)? == 1)
}

/// Moves a webhook's cursor on to a posting.
pub(crate) fn move_cursor(
    transaction: &impl Transaction,
    key: i64,
    to: &Posting,
) -> Result<(), StoreError> {
    transaction.change(MOVE_CURSOR, vec![key.into(), integer(to.sequence)], 1)?;
    transaction.change(PASS, vec![key.into(), to.id.into()], 1)
}

/// SQLite's integers are signed. No row has a sequence or a key beyond them.
pub(crate) fn integer(number: u64) -> Value {
    Value::from(i64::try_from(number).unwrap_or(i64::MAX))
}
