//! The statements of the table `webhook_delivery`.

use super::record::{COLUMNS, Delivery};
use crate::webhook::integer;
use strongroom_sdk::page::Window;
use strongroom_sdk::store::{self, Store, StoreError, Transaction, Value};

/// How many of the oldest deliveries one [`purge`] looks at.
const PURGE_ROWS_MAX: i64 = 256;

const INSERT: &str = "\
INSERT INTO webhook_delivery
    (webhook_key, sequence, type, state, attempts, next_attempt_at_ms, since_ms, created_at_ms)
VALUES (?1, ?2, ?3, 'pending', 0, ?4, ?4, ?4)";

const COUNT_PENDING: &str = "\
SELECT count(*) FROM
    (SELECT 1 FROM webhook_delivery WHERE webhook_key = ?1 AND state = 'pending' LIMIT ?2)";

const RECORD: &str = "\
UPDATE webhook_delivery
SET state = ?4, attempts = ?5, next_attempt_at_ms = ?6, last_status = ?7, last_error = ?8,
    delivered_at_ms = ?9
WHERE webhook_key = ?1 AND sequence = ?2 AND state = 'pending' AND since_ms = ?3";

const MARK_DEAD: &str = "\
UPDATE webhook_delivery SET state = 'dead', next_attempt_at_ms = NULL
WHERE webhook_key = ?1 AND state = 'pending'";

const RESEND: &str = "\
UPDATE webhook_delivery
SET state = 'pending', attempts = 0, next_attempt_at_ms = ?3, since_ms = ?3, delivered_at_ms = NULL
WHERE webhook_key = ?1 AND sequence = ?2
RETURNING";

/// Bounded by the rows that it looks at, not by those that it deletes.
const PURGEABLE: &str = "\
SELECT rowid FROM
    (SELECT rowid, webhook_key, state, created_at_ms FROM webhook_delivery
     ORDER BY created_at_ms LIMIT ?2)
WHERE created_at_ms < ?1
AND (state <> 'pending'
     OR webhook_key IN (SELECT key FROM webhook WHERE deleted_at_ms IS NOT NULL))";

/// Inserts a delivery that is due now.
pub(super) fn insert(
    transaction: &impl Transaction,
    webhook_key: i64,
    sequence: u64,
    event_type: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = vec![
        Value::from(webhook_key),
        integer(sequence),
        Value::from(event_type),
        Value::from(now_ms),
    ];
    transaction.change(INSERT, params, 1)
}

/// How many deliveries of a webhook are pending, counted up to `limit`.
pub(super) fn count_pending<S: Store>(
    store: &S,
    webhook_key: i64,
    limit: i64,
) -> Result<i64, StoreError> {
    let params = [Value::from(webhook_key), Value::from(limit)];
    store.query(COUNT_PENDING, &params)?.number()
}

/// The deliveries of a webhook that are due, at most `limit`, longest overdue first.
pub(super) fn due<S: Store>(
    store: &S,
    webhook_key: i64,
    now_ms: i64,
    limit: usize,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_delivery
         WHERE webhook_key = ?1 AND state = 'pending' AND next_attempt_at_ms <= ?2
         ORDER BY next_attempt_at_ms, sequence LIMIT ?3"
    );
    let params = [webhook_key.into(), now_ms.into(), integer(limit as u64)];
    store.query(&sql, &params)?.all(Delivery::from_row)
}

pub(crate) fn list<S: Store>(
    store: &S,
    webhook_key: i64,
    window: &Window,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM webhook_delivery WHERE webhook_key = ?1 AND sequence {{beyond}} ?2
         ORDER BY sequence {{order}} LIMIT ?3"
    );
    let params = [webhook_key.into(), window.key(), window.fetch.into()];
    store
        .query(&window.sql(&sql), &params)?
        .all(Delivery::from_row)
}

/// Records the delivery after an attempt, unless an administrator has had it sent again meanwhile.
pub(super) fn record(transaction: &impl Transaction, delivery: Delivery) -> Result<(), StoreError> {
    let params = [
        delivery.webhook_key.into(),
        integer(delivery.sequence),
        delivery.since_ms.into(),
        delivery.state.as_str().into(),
        i64::from(delivery.attempts).into(),
        delivery.next_attempt_at_ms.into(),
        delivery.last_status.into(),
        delivery.last_error.into(),
        delivery.delivered_at_ms.into(),
    ];
    transaction.execute(RECORD, &params).map(drop)
}

/// Marks the pending deliveries of a webhook as dead: none of them is sent any more.
pub(super) fn mark_dead(
    transaction: &impl Transaction,
    webhook_key: i64,
) -> Result<(), StoreError> {
    transaction
        .execute(MARK_DEAD, &[webhook_key.into()])
        .map(drop)
}

/// Makes a delivery due again, whatever became of it; none if there is no such delivery.
pub(crate) fn resend(
    transaction: &impl Transaction,
    webhook_key: i64,
    sequence: u64,
    now_ms: i64,
) -> Result<Option<Delivery>, StoreError> {
    let params = [webhook_key.into(), integer(sequence), now_ms.into()];
    let rows = transaction.query(&format!("{RESEND} {COLUMNS}"), &params)?;
    rows.one(Delivery::from_row)
}

/// Deletes deliveries that were made before `before_ms`, and are not pending or are of a deleted
/// webhook.
pub(super) fn purge<S: Store>(store: &S, before_ms: i64) -> Result<(), StoreError> {
    let params = [Value::from(before_ms), Value::from(PURGE_ROWS_MAX)];
    store::purge(store, "webhook_delivery", "rowid", PURGEABLE, &params)
}
