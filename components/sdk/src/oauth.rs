//! The responses that carry tokens.

use crate::openapi::words;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Object;

/// The tokens of a session, as a client gets them (RFC 6749 section 5.1).
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Tokens)]
pub struct TokenResponse {
    /// A signed JWT.
    pub access_token: String,
    #[schema(schema_with = token_type)]
    token_type: &'static str,
    /// Seconds until the access token expires.
    pub expires_in: u32,
    /// Opaque, and valid for one refresh.
    pub refresh_token: String,
}

impl TokenResponse {
    /// The response with these tokens. An access token of the bank is a bearer token (RFC 6750).
    pub fn new(access_token: String, expires_in: u32, refresh_token: String) -> Self {
        Self {
            access_token,
            token_type: "Bearer",
            expires_in,
            refresh_token,
        }
    }
}

fn token_type() -> Object {
    words(["Bearer"])
}

/// The response of a call that gives tokens to a client: they are members of it, and once more in
/// `auth`, where a client finds them whichever call it made.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SessionTokens)]
pub struct SessionResponse {
    #[serde(flatten)]
    tokens: TokenResponse,
    auth: TokenResponse,
}

impl From<TokenResponse> for SessionResponse {
    fn from(tokens: TokenResponse) -> Self {
        Self {
            auth: tokens.clone(),
            tokens,
        }
    }
}
