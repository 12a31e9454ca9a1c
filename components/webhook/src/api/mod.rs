//! The calls of `/api/webhooks`. An administrator creates and deletes webhooks; an auditor reads.

mod audit_log;
mod body;
mod deliveries;
mod view;
mod webhooks;

pub use audit_log::{CREATED, DELETED, ENDED, LogFilter, RECEIVER_GONE, RESENT, audit_log};
pub use body::{SECRET_BYTES, URL_BYTES_MAX, WebhookBody};
pub use deliveries::{list_deliveries, resend_delivery};
pub use view::{DeliveryView, WebhookView};
pub use webhooks::{create_webhook, delete_webhook, list_webhooks};

use strongroom_sdk::identity::Role;

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
    /// Randomness for secrets.
    pub random: R,
}
