//! What an attempt makes of a delivery, and when the next one comes.

use super::record::{Delivery, DeliveryState};
use strongroom_sdk::http::client::SendError;

/// The pause before the second attempt, in milliseconds. Each further one is three times as long.
pub const FIRST_PAUSE_MS: i64 = 5_000;
/// The longest pause, in milliseconds.
pub const PAUSE_MAX_MS: i64 = 4 * 3_600 * 1_000;
/// For how long a delivery is tried, in milliseconds.
pub const TRY_FOR_MS: i64 = 3 * 24 * 3_600 * 1_000;

/// What a receiver returns that wants nothing more (RFC 9110 15.5.11). It ends the webhook and all
/// its deliveries, as Standard Webhooks says, unless the webhook has another URL by now.
pub(crate) const GONE: u16 = 410;

impl Delivery {
    /// The delivery after an attempt with this result: a status, or why there is none.
    pub(super) fn after_attempt(self, result: Result<u16, SendError>, now_ms: i64) -> Self {
        let is_over = now_ms.saturating_sub(self.since_ms) >= TRY_FOR_MS;
        let state = match result {
            Ok(200..=299) => DeliveryState::Delivered,
            _ if is_over => DeliveryState::Dead,
            _ => DeliveryState::Pending,
        };
        let next_ms = now_ms.saturating_add(pause_ms(self.attempts));
        Self {
            state,
            attempts: self.attempts.saturating_add(1),
            next_attempt_at_ms: (state == DeliveryState::Pending).then_some(next_ms),
            last_status: result.as_ref().ok().copied().map(i64::from),
            last_error: result.err().map(|error| error.to_string()),
            delivered_at_ms: (state == DeliveryState::Delivered).then_some(now_ms),
            ..self
        }
    }
}

/// The pause after an attempt that failed, by the number of earlier ones: 5 s, 15 s, 45 s, .. 4 h.
pub fn pause_ms(attempts_before: u32) -> i64 {
    3_i64
        .checked_pow(attempts_before)
        .and_then(|factor| factor.checked_mul(FIRST_PAUSE_MS))
        .map_or(PAUSE_MAX_MS, |pause| pause.min(PAUSE_MAX_MS))
}
