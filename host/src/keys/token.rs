//! The one kind of token that the host knows: an access token after RFC 9068.

use serde::{Deserialize, Serialize};

/// The `typ` of an access token (RFC 9068 section 2.1): nothing else is taken for one.
pub(super) const TOKEN_TYPE: &str = "at+jwt";
/// The one algorithm: Ed25519 (RFC 8037). RFC 9864 renames it `Ed25519`; libraries know `EdDSA`.
pub(super) const ALGORITHM: &str = "EdDSA";
/// The longest token that is parsed, in bytes: an honest one has about 600.
pub(super) const TOKEN_BYTES_MAX: usize = 4096;
/// The longest `exp - iat`, in seconds: how long a stolen token works at most.
pub(super) const LIFETIME_SECONDS_MAX: u32 = 300;
/// How far two clocks may differ, in seconds.
pub(super) const LEEWAY_SECONDS: u64 = 5;

/// What every token of this host must name.
#[derive(Debug, Clone)]
pub struct TokenPolicy {
    /// Who issues it: the claim `iss`.
    pub issuer: String,
    /// For whom it is: the claim `aud`.
    pub audience: String,
}

/// The JOSE header. Other fields (`crit`, `b64`, `zip`, `jwk`, `jku`, `x5u`, ..) change what a
/// signature means, or where its key comes from; a token with one is refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JoseHeader {
    pub(super) typ: String,
    pub(super) alg: String,
    pub(super) kid: String,
}

/// The claims, all of them required (RFC 9068 section 2.2, with `sid`, `sv`, and `role` added).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) aud: Audience,
    /// The user.
    pub(super) sub: String,
    /// The session.
    pub(super) sid: String,
    /// The user's security version.
    pub(super) sv: u64,
    pub(super) jti: String,
    pub(super) client_id: String,
    pub(super) role: String,
    pub(super) scope: String,
    pub(super) iat: u64,
    pub(super) nbf: u64,
    pub(super) exp: u64,
}

/// `aud` is one name or a list of names (RFC 7519 section 4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(super) fn names(&self, wanted: &str) -> bool {
        match self {
            Self::One(name) => name == wanted,
            Self::Many(names) => names.iter().any(|name| name == wanted),
        }
    }
}

/// The claims that the library must require.
pub(super) const REQUIRED_CLAIMS: [&str; 5] = ["iss", "aud", "sub", "exp", "nbf"];

/// Checks that the times of a token fit each other.
pub(super) fn check_lifetime(claims: &Claims) -> Result<(), &'static str> {
    if claims.exp <= claims.iat {
        return Err("`exp` is not after `iat`");
    }
    if claims.exp - claims.iat > u64::from(LIFETIME_SECONDS_MAX) {
        return Err("`exp` is too long after `iat`");
    }
    Ok(())
}

/// Checks that the claims that become headers for components can be headers.
pub(super) fn check_names(claims: &Claims) -> Result<(), &'static str> {
    let is_name = |text: &str| {
        (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !is_name(&claims.sub) {
        return Err("`sub` is not 1 to 128 visible ASCII characters");
    }
    if !is_name(&claims.sid) {
        return Err("`sid` is not 1 to 128 visible ASCII characters");
    }
    if !is_name(&claims.role) {
        return Err("`role` is not 1 to 128 visible ASCII characters");
    }
    if !is_name(&claims.jti) {
        return Err("`jti` is not 1 to 128 visible ASCII characters");
    }
    let is_scope = claims.scope.len() <= 1024
        && claims
            .scope
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if !is_scope {
        return Err("`scope` is not at most 1024 visible ASCII characters and spaces");
    }
    Ok(())
}
