//! What a refresh token is worth at a moment.

use super::Session;
use crate::Settings;
use crate::refresh_token::RefreshToken;
use subtle::ConstantTimeEq;

/// How long a token that was just rotated is answered by the same successor, in milliseconds: for a client whose answer was lost,
/// and for two windows of one browser.
pub(crate) const GRACE_MS: i64 = 10_000;

/// What a refresh token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The session's current token: good for one rotation.
    Current,
    /// The one just before, repeated in time: answered by the successor it already has.
    Repeated,
    /// Was good once. That it comes back means that two hold it.
    Reused,
    /// Of a session that was ended.
    Ended,
    /// Good for nothing: invented, or its session is too old.
    Worthless,
}

impl Session {
    /// What `token` is worth for this session. A session that is over decides before the token does: a late old token then says
    /// nothing new.
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
        let is_previous = self
            .refresh_hash_previous
            .is_some_and(|previous| hash.ct_eq(&previous).into());
        if is_previous && now_ms.saturating_sub(self.last_used_at_ms) <= GRACE_MS {
            return Standing::Repeated;
        }
        Standing::Reused
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
