//! Earlier secrets of a webhook. They sign beside the new one for a time, in which the receiver
//! changes over, as Standard Webhooks says.

use super::{Secret, Webhook};
use std::iter::once;
use strongroom_sdk::store::{Store, StoreError, Transaction, Value, purge};

/// How many earlier secrets of a webhook may sign: `webhook-signature` has one signature of each.
pub const EARLIER_SECRETS_MAX: usize = 4;

const FIND: &str = "\
SELECT secret FROM webhook_earlier_secret WHERE webhook_key = ?1 AND signs_until_ms > ?2
ORDER BY rowid DESC";

const INSERT: &str = "\
INSERT INTO webhook_earlier_secret (webhook_key, secret, signs_until_ms) VALUES (?1, ?2, ?3)";

const SHORTEN: &str = "\
UPDATE webhook_earlier_secret SET signs_until_ms = ?2
WHERE webhook_key = ?1 AND signs_until_ms > ?2";

const DELETE: &str = "DELETE FROM webhook_earlier_secret WHERE webhook_key = ?1 AND secret = ?2";

const SET: &str = "UPDATE webhook SET secret = ?2 WHERE key = ?1 AND deleted_at_ms IS NULL";

const PURGEABLE: &str = "SELECT rowid FROM webhook_earlier_secret WHERE signs_until_ms <= ?1";

/// The secrets that sign for a webhook: its own, and the earlier ones that still do, newest first.
pub(crate) fn signing_secrets<S: Store>(
    store: &S,
    webhook: &Webhook,
    now_ms: i64,
) -> Result<Vec<Secret>, StoreError> {
    let rows = store.query(FIND, &[webhook.key.into(), now_ms.into()])?;
    let earlier = rows.into_iter().map(|row| row.blob(0).map(Secret::new));
    once(Ok(webhook.secret.clone())).chain(earlier).collect()
}

/// Gives a webhook a new secret. The present one and the earlier ones sign until `until_ms` at
/// most. Returns false, and has done nothing that may be committed, if too many would sign.
pub(crate) fn rotate(
    transaction: &impl Transaction,
    webhook: &Webhook,
    secret: &Secret,
    now_ms: i64,
    until_ms: i64,
) -> Result<bool, StoreError> {
    let key = Value::from(webhook.key);
    let new = Value::from(secret.bytes());
    if webhook.secret != *secret {
        let present = Value::from(webhook.secret.bytes());
        transaction.change(INSERT, vec![key.clone(), present, until_ms.into()], 1)?;
        transaction.change(SET, vec![key.clone(), new.clone()], 1)?;
        transaction.execute(DELETE, &[key.clone(), new])?;
    }
    transaction.execute(SHORTEN, &[key.clone(), until_ms.into()])?;
    let signing = transaction.query(FIND, &[key, now_ms.into()])?;
    Ok(signing.rows.len() <= EARLIER_SECRETS_MAX)
}

/// Deletes secrets that no longer sign.
pub(crate) fn purge_secrets<S: Store>(store: &S, now_ms: i64) -> Result<(), StoreError> {
    let params = [Value::from(now_ms)];
    purge(store, "webhook_earlier_secret", "rowid", PURGEABLE, &params)
}
