//! The actions of the audit log.

/// The action of a webhook's first record.
pub const CREATED: &str = "webhook.created";
/// The action of the record of a webhook whose URL or events were changed.
pub const CHANGED: &str = "webhook.changed";
/// The action of the record of a webhook that got a new secret. The new value says for how many
/// seconds the earlier ones sign.
pub const SECRET_ROTATED: &str = "webhook.secret_rotated";
/// The action of the record of a test event. The new value is the result.
pub const TESTED: &str = "webhook.tested";
/// The action of a deleted webhook's last record.
pub const DELETED: &str = "webhook.deleted";
/// The action of the record of a webhook that the bank has ended. The new value says why.
pub const ENDED: &str = "webhook.ended";
/// Why a webhook has ended: its receiver returned 410.
pub const RECEIVER_GONE: &str = "receiver_gone";
/// The action of the record of a delivery that an administrator had sent again.
pub const RESENT: &str = "webhook.resent";
