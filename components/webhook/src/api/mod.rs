//! The calls of `/api/webhooks`. An administrator creates and deletes webhooks; an auditor reads.

mod body;
mod deliveries;
mod log;
mod view;
mod webhooks;

pub use body::{SECRET_BYTES, URL_BYTES_MAX, WebhookBody};
pub use deliveries::{list_deliveries, resend_delivery};
pub use log::{CREATED, DELETED, LogFilter, LogView, RESENT, audit_log};
pub use view::{DeliveryView, WebhookView};
pub use webhooks::{create_webhook, delete_webhook, list_webhooks};

use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::identity::Role;
use strongroom_sdk::random::Random;
use uuid::Uuid;

/// How many webhooks there may be: four deliveries of each are sent at once, and the host lets a
/// service have 64 outgoing requests.
pub const WEBHOOKS_MAX: i64 = 16;

/// Who may create and delete webhooks, and have a delivery sent again.
pub const WHO_CHANGES: &[Role] = &[Role::Admin];
/// Who may read.
pub const WHO_READS: &[Role] = &[Role::Admin, Role::Auditor];

/// What the calls that change something work with.
#[derive(Debug, Clone)]
pub struct Service<S, C, R> {
    /// The webhooks.
    pub store: S,
    /// The time.
    pub clock: C,
    /// Secrets, and the ids of the audit log.
    pub random: R,
}

impl<S, C: Clock, R: Random> Service<S, C, R> {
    /// A record of the audit log. The caller adds the values.
    fn record<'a>(&self, actor: &'a Actor, action: &'static str, target: Uuid) -> Record<'a> {
        Record {
            id: self.random.uuid_v7(&self.clock),
            at_ms: self.clock.now_ms(),
            actor,
            action,
            target,
            old_value: None,
            new_value: None,
        }
    }
}
