//! Access tokens: JWTs of the RFC 9068 profile, signed by the host.

mod claims;
mod provider;

pub use claims::Claims;

use crate::env::{Keys, Policy};
use crate::error::TokenError;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use strongroom_sdk::random::Random;
use uuid::Uuid;

/// The media type of RFC 9068 section 2.1.
const TYPE: &str = "at+jwt";

/// The only OAuth client: the bank's own front end.
pub const CLIENT_ID: &str = "strongroom";

/// The lifetime of a token, unless the host's policy is shorter.
const LIFETIME_SECONDS: u32 = 300;

/// A random part of the lifetime, at most one in so many, is taken off. So clients that logged in
/// at the same time do not refresh at the same time.
const JITTER_DIVISOR: u32 = 20;

/// The host may replace the key between reading the policy and signing, but not twice in a row.
const SIGN_ATTEMPTS: usize = 2;

/// A signed token.
pub(crate) struct AccessToken {
    pub(crate) text: String,
    /// `exp - iat`, in seconds.
    pub(crate) lifetime_seconds: u32,
}

/// What an access token says of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) session: Uuid,
    pub(crate) subject: Uuid,
    pub(crate) role: String,
    pub(crate) scope: String,
    pub(crate) security_version: i64,
    /// The absolute end of the session, which no token outlives.
    pub(crate) expires_at_ms: i64,
}

/// Signs an access token of a session.
pub(crate) fn sign<K: Keys>(
    grant: &Grant,
    jti: Uuid,
    now_ms: i64,
    random: &impl Random,
) -> Result<AccessToken, TokenError> {
    provider::install::<K>();
    let mut refusal = TokenError::Sign("no attempt".to_owned());
    for _ in 0..SIGN_ATTEMPTS {
        match sign_under(&K::policy(), grant, jti, now_ms, random) {
            Ok(token) => return Ok(token),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

fn sign_under(
    policy: &Policy,
    grant: &Grant,
    jti: Uuid,
    now_ms: i64,
    random: &impl Random,
) -> Result<AccessToken, TokenError> {
    if policy.algorithm != "EdDSA" {
        return Err(TokenError::Sign(format!(
            "this service does not know the algorithm {}",
            policy.algorithm
        )));
    }
    let issued_at = now_ms / 1_000;
    let lifetime_seconds =
        lifetime_seconds(policy, grant.expires_at_ms / 1_000 - issued_at, random);
    let claims = Claims {
        iss: policy.issuer.clone(),
        aud: policy.audience.clone(),
        sub: grant.subject,
        client_id: CLIENT_ID.to_owned(),
        iat: issued_at,
        nbf: issued_at,
        exp: issued_at + i64::from(lifetime_seconds),
        jti: jti.to_string(),
        sid: grant.session,
        sv: grant.security_version,
        role: grant.role.clone(),
        scope: grant.scope.clone(),
    };
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(policy.kid.clone());
    // The host has the key. This one only names its family.
    let key = EncodingKey::from_ed_der(&[]);
    let text = jsonwebtoken::encode(&header, &claims, &key)
        .map_err(|error| TokenError::Sign(error.to_string()))?;
    Ok(AccessToken {
        text,
        lifetime_seconds,
    })
}

fn lifetime_seconds(policy: &Policy, session_seconds_left: i64, random: &impl Random) -> u32 {
    let longest = LIFETIME_SECONDS.min(policy.lifetime_seconds_max);
    let mut bytes = [0; 4];
    random.fill(&mut bytes);
    let jitter = u32::from_be_bytes(bytes) % (longest / JITTER_DIVISOR + 1);
    let session_seconds_left = u32::try_from(session_seconds_left).unwrap_or(0).max(1);
    (longest - jitter).min(session_seconds_left)
}
