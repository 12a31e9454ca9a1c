//! The tokens of a session.

use crate::access_token::AccessToken;
use crate::refresh_token::RefreshToken;
use strongroom_sdk::oauth::TokenResponse;
use uuid::Uuid;

/// The tokens of a session, as a client gets them (RFC 6749 section 5.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    pub session: Uuid,
    /// A signed JWT.
    pub access_token: String,
    /// Seconds until the access token expires.
    pub expires_in: u32,
    /// Opaque, and valid for one refresh.
    pub refresh_token: String,
}

impl Tokens {
    pub(super) fn new(session: Uuid, access: AccessToken, refresh: &RefreshToken) -> Self {
        Self {
            session,
            access_token: access.text,
            expires_in: access.lifetime_seconds,
            refresh_token: refresh.to_text(),
        }
    }
}

impl From<Tokens> for TokenResponse {
    fn from(tokens: Tokens) -> Self {
        Self::new(tokens.access_token, tokens.expires_in, tokens.refresh_token)
    }
}
