//! The audit log: what administrators did to webhooks. A webhook tells the outside what happens in
//! the bank, so who created it must be known.

use super::WHO_READS;
use serde::{Deserialize, Serialize};
use strongroom_sdk::audit_log::{self, Event};
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// The action of a webhook's first record.
pub const CREATED: &str = "webhook.created";
/// The action of a deleted webhook's last record.
pub const DELETED: &str = "webhook.deleted";
/// The action of the record of a delivery that was requested again.
pub const RESENT: &str = "webhook.resent";

/// The parameters of `GET /audit-log`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogFilter {
    /// What was done to this webhook.
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

/// `GET /audit-log`: admin, auditor; newest first.
///
/// # Errors
/// 403.
pub fn audit_log<S: Store>(
    store: &S,
    identity: &Identity,
    page: &Page<Uuid, LogFilter>,
) -> Result<List<LogView>, Problem> {
    identity.require(WHO_READS)?;
    let list = audit_log::page(store, page, page.filter.webhook_id)?;
    Ok(list.map(LogView::from))
}
