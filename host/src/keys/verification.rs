//! Verifies access tokens.
//!
//! `jsonwebtoken` checks the signature, `iss`, and `aud`. This file checks what it leaves open: an
//! unknown `crit`, any `typ`, a missing `iss` or `aud`, duplicate keys; and the times, since the
//! library knows the machine's clock alone. Cheap checks come first, so that a malformed token
//! costs little.

use super::keyring::Keyring;
use super::token::{
    self, ALGORITHM, Claims, JoseHeader, LEEWAY_SECONDS, TOKEN_BYTES_MAX, TOKEN_TYPE, TokenPolicy,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Why a token is refused. The text is for the log and for `error_description`; it quotes nothing
/// of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url, or too long.
    #[error("the token is malformed")]
    Malformed,
    /// The header is not that of an access token of this host.
    #[error("the token is not an access token of this service")]
    Header,
    /// The host has no key of this id.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The key did not sign these claims.
    #[error("the token's signature is wrong")]
    Signature,
    /// Its time, `exp`, is over.
    #[error("the token has expired")]
    Expired,
    /// A claim is missing or wrong.
    #[error("the token's claims are wrong")]
    Claims,
    /// Its session or its user's older sessions were ended.
    #[error("the token was revoked")]
    Revoked,
    /// No API key has this text. A revoked one is forgotten.
    #[error("the API key is unknown or was revoked")]
    UnknownApiKey,
    /// The time of the API key is over.
    #[error("the API key has expired")]
    ExpiredApiKey,
    /// The data was restored since the API key was made, and no administrator has confirmed it.
    #[error("the bank was restored from a backup; an administrator must confirm the API key")]
    SuspendedApiKey,
}

/// How many tokens are cached: a few for each client of the last minutes.
const CACHED_MAX: u64 = 10_000;
/// How long a token is cached.
const CACHED_TIME: Duration = Duration::from_secs(60);

/// Verifies tokens against the public keys.
///
/// A signature's check is the most expensive step of a small request (some 35 microseconds), and
/// clients send the same token many times. So good tokens are cached by their SHA-256. What can end
/// a token is checked each time: its times, as the clock may be set back, and, by the caller, the
/// revocations.
pub(super) struct Verifier {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    cache: Cache<[u8; 32], Arc<Claims>>,
}

impl Verifier {
    pub(super) fn new(ring: &Keyring, policy: &TokenPolicy) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.validate_exp = false;
        validation.set_required_spec_claims(&token::REQUIRED_CLAIMS);
        validation.set_issuer(&[&policy.issuer]);
        validation.set_audience(&[&policy.audience]);
        let keys = ring
            .all()
            .iter()
            .filter_map(|key| {
                Some((
                    key.kid.clone(),
                    DecodingKey::from_ed_components(&key.x()).ok()?,
                ))
            })
            .collect();
        Self {
            keys,
            validation,
            cache: Cache::builder()
                .max_capacity(CACHED_MAX)
                .time_to_live(CACHED_TIME)
                .build(),
        }
    }

    /// Returns the claims of a token that is valid at `now` (seconds since 1970).
    pub(super) fn verify(&self, token: &str, now: u64) -> Result<Arc<Claims>, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(claims) = self.cache.get(&digest) {
            check_times(&claims, now)?;
            return Ok(claims);
        }
        let claims = Arc::new(self.signed_claims(token)?);
        check_times(&claims, now)?;
        self.cache.insert(digest, Arc::clone(&claims));
        Ok(claims)
    }

    /// The claims of a token that one of our keys has signed, whatever the time is.
    fn signed_claims(&self, token: &str) -> Result<Claims, TokenError> {
        let header = token.split('.').next().unwrap_or_default();
        let header = URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| TokenError::Malformed)?;
        let header: JoseHeader = serde_json::from_slice(&header).map_err(|_| TokenError::Header)?;
        if header.alg != ALGORITHM || header.typ != TOKEN_TYPE {
            return Err(TokenError::Header);
        }
        let key = self.keys.get(&header.kid).ok_or(TokenError::UnknownKey)?;
        let decoded = jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .map_err(|error| refusal(&error))?;
        let claims = decoded.claims;
        token::check_lifetime(&claims).map_err(|_| TokenError::Claims)?;
        token::check_names(&claims).map_err(|_| TokenError::Claims)?;
        Ok(claims)
    }
}

/// Checks the times of a token at `now` (seconds since 1970).
fn check_times(claims: &Claims, now: u64) -> Result<(), TokenError> {
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
        return Err(TokenError::Expired);
    }
    if claims.iat.max(claims.nbf) > now.saturating_add(LEEWAY_SECONDS) {
        return Err(TokenError::Claims);
    }
    Ok(())
}

fn refusal(error: &jsonwebtoken::errors::Error) -> TokenError {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Utf8(_) => {
            TokenError::Malformed
        }
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::Header,
        _ => TokenError::Claims,
    }
}
