//! What a refresh token is worth at a moment.

use super::Session;
use crate::Settings;
use crate::refresh_token::RefreshToken;
use subtle::ConstantTimeEq;

/// For so long after its rotation, a token still gets the newest one, in milliseconds. The grace is
/// for a client that lost a response, and for the windows of one browser, some of which are slow.
pub(super) const GRACE_MS: i64 = 10_000;

/// What a refresh token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenState {
    /// The current token of the session: valid for one rotation.
    Current,
    /// An earlier token within its grace: it gets the newest one.
    Repeated,
    /// An earlier token after its grace: two clients hold it.
    Reused,
    /// A token of a session that has ended.
    Ended,
    /// An invented token, or one of a session that is too old.
    Worthless,
}

impl Session {
    /// What `token`, which found this session, is worth. The end of the session takes precedence
    /// over the age of the token.
    pub(super) fn state_of(
        &self,
        token: &RefreshToken,
        settings: &Settings,
        now_ms: i64,
    ) -> TokenState {
        if token.session() != self.id || !token.is_authentic(&self.refresh_key) {
            return TokenState::Worthless;
        }
        if self.ended {
            return TokenState::Ended;
        }
        if self.is_too_old(settings, now_ms) {
            return TokenState::Worthless;
        }
        let hash = token.hash();
        if token.counter() == self.refresh_counter && bool::from(hash.ct_eq(&self.refresh_hash)) {
            return TokenState::Current;
        }
        // The tag says that the session made the token.
        match self.rotated_at_ms {
            // A rotation in the future is that of a clock that was ahead.
            Some(at_ms) if now_ms.abs_diff(at_ms) <= GRACE_MS.unsigned_abs() => {
                TokenState::Repeated
            }
            _ => TokenState::Reused,
        }
    }

    /// Whether the session has passed its absolute end, was idle for too long, or began before
    /// a restoration. One that begins in the future has an end of a clock that was ahead.
    fn is_too_old(&self, settings: &Settings, now_ms: i64) -> bool {
        let restored_at_ms = settings.restored_at_ms;
        now_ms >= self.ends_at_ms(settings)
            || self.created_at_ms > now_ms.saturating_add(GRACE_MS)
            || restored_at_ms.is_some_and(|at_ms| self.created_at_ms <= at_ms)
    }

    /// When the session ends unless it is refreshed.
    pub(super) fn ends_at_ms(&self, settings: &Settings) -> i64 {
        self.last_used_at_ms
            .saturating_add(settings.session_idle_ms)
            .min(self.expires_at_ms)
    }
}
