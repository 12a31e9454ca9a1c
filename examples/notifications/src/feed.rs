//! The calls of `/api/notifications`: callers read their own notifications.

use crate::rows::{self, Notification};
use serde::Serialize;
use strongroom_sdk::clock::{Clock, format_rfc3339};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, Transaction};
use uuid::Uuid;

/// A notification as its reader sees it.
#[derive(Debug, Clone, Serialize)]
pub struct NotificationView {
    id: Uuid,
    event: String,
    account_id: Uuid,
    transaction_id: Uuid,
    amount: String,
    currency: &'static str,
    reference: Option<String>,
    created_at: String,
    read_at: Option<String>,
}

impl From<Notification> for NotificationView {
    fn from(notification: Notification) -> Self {
        Self {
            id: notification.id,
            event: notification.event,
            account_id: notification.account_id,
            transaction_id: notification.transaction_id,
            amount: notification.amount.to_string(),
            currency: notification.amount.currency().code(),
            reference: notification.reference,
            created_at: format_rfc3339(notification.created_at_ms),
            read_at: notification.read_at_ms.map(format_rfc3339),
        }
    }
}

/// `GET /`: the caller's notifications, newest first.
///
/// # Errors
/// 503: the store does not work.
pub fn list<S: Store>(
    store: &S,
    identity: &Identity,
    page: &Page<i64>,
) -> Result<List<NotificationView>, Problem> {
    let found = rows::newest(store, identity.subject, &page.window())?;
    let list = List::new(found, page, |notification| {
        notification.sequence.cast_signed()
    });
    Ok(list.map(NotificationView::from))
}

/// `POST /{id}/read`: records when the caller first read one of their notifications.
///
/// # Errors
/// 404: there is no such notification, or it is another user's.
pub fn mark_read<S: Store>(
    store: &S,
    clock: &impl Clock,
    identity: &Identity,
    id: Uuid,
) -> Result<NotificationView, Problem> {
    let transaction = store.begin()?;
    let notification = rows::mark_read(&transaction, id, identity.subject, clock.now_ms())?;
    // Also without a change: an earlier transaction of the group may have written the row that was
    // read, which may not be on disk yet.
    transaction.commit()?;
    notification.map(Into::into).ok_or_else(Problem::not_found)
}
