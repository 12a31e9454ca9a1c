//! What a refresh token is worth at a moment.

use super::Session;
use crate::Settings;
use crate::refresh_token::RefreshToken;
use subtle::ConstantTimeEq;

/// How long a token is still answered after its rotation, by the newest one, in milliseconds: for a
/// client whose answer was lost, and for the windows of one browser, some of which are slow.
pub(crate) const GRACE_MS: i64 = 10_000;

/// What a refresh token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The session's current token: good for one rotation.
    Current,
    /// An earlier one, repeated in time: answered by the newest one.
    Repeated,
    /// Was good once. That it comes back means that two hold it.
    Reused,
    /// Of a session that was ended.
    Ended,
    /// Good for nothing: invented, or its session is too old.
    Worthless,
}

impl Session {
    /// What `token`, by which this session was found, is worth. A session that is over decides
    /// before the token does: a late old token then says nothing new.
    pub(crate) fn standing(
        &self,
        token: &RefreshToken,
        settings: &Settings,
        now_ms: i64,
    ) -> Standing {
        if token.session() != self.id || !token.is_authentic(&self.refresh_key) {
            return Standing::Worthless;
        }
        if self.ended {
            return Standing::Ended;
        }
        if self.is_too_old(settings, now_ms) {
            return Standing::Worthless;
        }
        let hash = token.hash();
        if token.counter() == self.refresh_counter && bool::from(hash.ct_eq(&self.refresh_hash)) {
            return Standing::Current;
        }
        // The tag says that the token is one of the session's own.
        match self.rotated_at_ms {
            // A rotation of later was made by a clock that was ahead.
            Some(at_ms) if now_ms.abs_diff(at_ms) <= GRACE_MS.unsigned_abs() => Standing::Repeated,
            _ => Standing::Reused,
        }
    }

    /// Whether the session is too old, or was not used for too long.
    fn is_too_old(&self, settings: &Settings, now_ms: i64) -> bool {
        now_ms >= self.idle_at_ms(settings).min(self.expires_at_ms)
    }

    /// When the session ends unless it is refreshed.
    pub(crate) fn idle_at_ms(&self, settings: &Settings) -> i64 {
        self.last_used_at_ms
            .saturating_add(settings.session_idle_ms)
    }
}
