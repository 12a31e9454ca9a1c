//! The claims of an access token.

use crate::env::Keys;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The claims of RFC 9068 section 2.2, and the bank's own: `sid`, `sv`, and `role`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer, which is the bank.
    pub iss: String,
    /// The audience that may accept the token.
    pub aud: String,
    /// The user's id.
    pub sub: Uuid,
    /// The OAuth client that the token is for.
    pub client_id: String,
    /// The time of issue, in seconds since 1970 UTC.
    pub iat: i64,
    /// The first second in which the token is valid, since 1970 UTC.
    pub nbf: i64,
    /// The end of the token, in seconds since 1970 UTC.
    pub exp: i64,
    /// The token's own id.
    pub jti: String,
    /// The session's id.
    pub sid: Uuid,
    /// The user's security version when the token was signed.
    pub sv: i64,
    /// The user's role.
    pub role: String,
    /// Space-separated scopes; may be empty.
    pub scope: String,
}

impl Claims {
    /// The claims of a token, which the host verifies; none for a token that the gateway would
    /// refuse now.
    pub fn read<K: Keys>(token: &str) -> Option<Self> {
        serde_json::from_str(&K::verify(token)?).ok()
    }
}
