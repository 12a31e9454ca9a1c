//! The audit log: what administrators, and the bank itself, did to webhooks. A webhook tells the
//! outside what happens in the bank, so who created it must be known.

use super::WHO_READS;
use serde::Deserialize;
use strongroom_sdk::audit_log::{self, EventView};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// The action of a webhook's first record.
pub const CREATED: &str = "webhook.created";
/// The action of a deleted webhook's last record.
pub const DELETED: &str = "webhook.deleted";
/// The action of the record of a webhook that the bank has ended. The new value says why.
pub const ENDED: &str = "webhook.ended";
/// Why a webhook has ended: its receiver returned 410.
pub const RECEIVER_GONE: &str = "receiver_gone";
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

/// `GET /audit-log`: admin, auditor; newest first.
///
/// # Errors
/// 403.
pub fn audit_log<S: Store>(
    store: &S,
    identity: &Identity,
    page: &Page<u64, LogFilter>,
) -> Result<List<EventView>, Problem> {
    identity.require(WHO_READS)?;
    let list = audit_log::page(store, page, page.filter.webhook_id)?;
    Ok(list.map(|event| event.view("webhook_id")))
}
