//! Deliveries: one event for one webhook, from the journal to the receiver.
//!
//! - `follow`: makes deliveries of the journal's rows;
//! - `tick`: follows, and sends what is due; `post` is the request, `sending` has those under way,
//!   and `attempt` says what its result makes of a delivery;
//! - `end`: what a 410 does;
//! - `record`, `rows`: a delivery as it is stored.

mod attempt;
mod end;
mod follow;
mod post;
mod record;
mod rows;
mod sending;
mod tick;

pub use attempt::{FIRST_PAUSE_MS, PAUSE_MAX_MS, TRY_FOR_MS, pause_ms};
pub use follow::{PENDING_MAX, check_place};
pub use record::{Delivery, DeliveryState};
pub use sending::AT_ONCE_PER_WEBHOOK;
pub use tick::TIMEOUT;

pub(crate) use attempt::GONE;
pub(crate) use end::end;
pub(crate) use follow::{Place, of_another_journal};
pub(crate) use post::signed_post;
pub(crate) use rows::{list, resend};
