//! The claims of an access token.

use crate::env::Keys;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// RFC 9068 section 2.2, then ours: the session, its security version, the role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom.
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    /// The OAuth client.
    pub client_id: String,
    /// Issued at, in seconds since 1970 UTC.
    pub iat: i64,
    /// Not valid before, in the same.
    pub nbf: i64,
    /// Expires at, in the same.
    pub exp: i64,
    /// The token's own id.
    pub jti: String,
    /// The session.
    pub sid: Uuid,
    /// The user's security version when the token was signed.
    pub sv: i64,
    /// The user's role.
    pub role: String,
    /// Space-separated scopes.
    pub scope: String,
}

impl Claims {
    /// Has the host read and check them; none for a token that the gateway would refuse at this
    /// moment.
    pub fn read<K: Keys>(token: &str) -> Option<Self> {
        serde_json::from_str(&K::verify(token)?).ok()
    }
}
