//! Access tokens: JWTs of the RFC 9068 profile, signed by the host.

mod claims;
mod provider;

pub use claims::Claims;

use crate::env::{Keys, Policy, SignError};
use crate::session::Session;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use strongroom_sdk::random::Random;
use uuid::Uuid;

/// The media type of RFC 9068 section 2.1.
const TYPE: &str = "at+jwt";

/// The one OAuth client there is: the bank's own front.
pub const CLIENT_ID: &str = "strongroom";

/// Unless the host's policy is shorter.
const LIFETIME_SECONDS: u32 = 300;

/// One part in this many of the lifetime is taken off at random, so that clients which logged in together do not refresh together.
const JITTER_DIVISOR: u32 = 20;

/// The kid may be replaced between reading the policy and signing; twice in a row it is not.
const SIGN_ATTEMPTS: usize = 2;

/// A signed token.
pub(crate) struct AccessToken {
    pub(crate) text: String,
    /// `exp - iat`, in seconds.
    pub(crate) lifetime_seconds: u32,
}

/// Signs an access token of a session that lives. It never outlives the session.
pub(crate) fn sign<K: Keys>(
    session: &Session,
    jti: Uuid,
    now_ms: i64,
    random: &impl Random,
) -> Result<AccessToken, SignError> {
    provider::install::<K>();
    let mut refusal = SignError("never tried".to_owned());
    for _ in 0..SIGN_ATTEMPTS {
        match sign_under(&K::policy(), session, jti, now_ms, random) {
            Ok(token) => return Ok(token),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

fn sign_under(
    policy: &Policy,
    session: &Session,
    jti: Uuid,
    now_ms: i64,
    random: &impl Random,
) -> Result<AccessToken, SignError> {
    if policy.algorithm != "EdDSA" {
        return Err(SignError(format!(
            "this service does not know the algorithm {}",
            policy.algorithm
        )));
    }
    let issued_at = now_ms / 1_000;
    let lifetime_seconds =
        lifetime_seconds(policy, session.expires_at_ms / 1_000 - issued_at, random);
    let claims = Claims {
        iss: policy.issuer.clone(),
        aud: policy.audience.clone(),
        sub: session.subject,
        client_id: CLIENT_ID.to_owned(),
        iat: issued_at,
        nbf: issued_at,
        exp: issued_at + i64::from(lifetime_seconds),
        jti: jti.to_string(),
        sid: session.id,
        sv: session.security_version,
        role: session.role.clone(),
        scope: session.scope.clone(),
    };
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(policy.kid.clone());
    // The key is in the host: here is nothing but its family.
    let key = EncodingKey::from_ed_der(&[]);
    let text = jsonwebtoken::encode(&header, &claims, &key)
        .map_err(|error| SignError(error.to_string()))?;
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
