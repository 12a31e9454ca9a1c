//! What ids are derived for, besides the caller and the idempotency key.
//!
//! They never change, because a retry after an upgrade must get the same id.

/// What moves money. A key belongs to one payment or batch, whatever its route: under a second
/// route it would move the money again.
pub const PAYMENT_SCOPE: &str = "payment";

/// `POST /schedules`, and the dates of standing orders.
pub const SCHEDULE_SCOPE: &str = "schedule";
