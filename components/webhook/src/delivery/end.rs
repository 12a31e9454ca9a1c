//! The end of a webhook whose receiver is gone.

use super::attempt::GONE;
use super::rows;
use crate::webhook::{self, ENDED, RECEIVER_GONE, Webhook};
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::store::{StoreError, Transaction};

/// Ends a webhook whose receiver is gone: nothing more is sent to it.
pub(crate) fn end(
    transaction: &impl Transaction,
    webhook: &Webhook,
    now_ms: i64,
) -> Result<(), StoreError> {
    if !webhook::end(transaction, webhook, now_ms)? {
        return Ok(());
    }
    rows::mark_dead(transaction, webhook.key)?;
    let id = webhook.id;
    eprintln!("webhook {id} has ended: its receiver returned {GONE}. Make another one to go on.");
    Record {
        new_value: Some(RECEIVER_GONE.to_owned()),
        ..Record::new(now_ms, Actor::BANK, ENDED, id)
    }
    .append(transaction)
}
