//! Whether a token is one that the gateway accepts.
//!
//! `jsonwebtoken` checks the signature, `exp`, `nbf`, `iss`, and `aud`. What it leaves open (unknown `crit`, any `typ`, missing `iss` or
//! `aud`, `iat` tomorrow, duplicate keys) is decided here. The order is from cheap to dear, so that rubbish costs little.

use super::keyring::Keyring;
use super::token::{
    self, ALGORITHM, Claims, Header, LEEWAY_SECONDS, Policy, TOKEN_BYTES_MAX, TOKEN_TYPE,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Why a token is refused. The text is for the log and for `error_description`; it never holds any of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url, or too long.
    #[error("the token is malformed")]
    Malformed,
    /// The header is not that of our access tokens.
    #[error("the token is not an access token of this service")]
    Header,
    /// No key has this name.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// A claim is missing or wrong.
    #[error("the token's claims are wrong")]
    Claims,
    /// Its session or its user's older sessions were ended.
    #[error("the token was revoked")]
    Revoked,
}

/// How many tokens are remembered: a few for each client of the last minutes.
const REMEMBERED_MAX: u64 = 10_000;
/// How long a token is remembered.
const REMEMBERED_TIME: Duration = Duration::from_secs(60);

/// Checks tokens against the public keys.
///
/// Checking a signature is the dearest step of a small request (some 35 microseconds), and clients
/// send the same token many times. So tokens that were found good are remembered by their SHA-256.
/// What can end a token meanwhile is not remembered: its times are looked at each time, as the
/// clock may be set back, and so are the revocations, by the caller.
pub(super) struct Verifier {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    good: Cache<[u8; 32], Arc<Claims>>,
}

impl Verifier {
    pub(super) fn new(ring: &Keyring, policy: &Policy) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
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
            good: Cache::builder()
                .max_capacity(REMEMBERED_MAX)
                .time_to_live(REMEMBERED_TIME)
                .build(),
        }
    }

    pub(super) fn verify(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        self.verify_at(token, token::now_seconds())
    }

    /// As [`Self::verify`], at `now` (seconds since 1970) for a token that is remembered.
    pub(super) fn verify_at(&self, token: &str, now: u64) -> Result<Arc<Claims>, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(claims) = self.good.get(&digest) {
            if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
                return Err(TokenError::Expired);
            }
            if claims.iat.max(claims.nbf) > now.saturating_add(LEEWAY_SECONDS) {
                return Err(TokenError::Claims);
            }
            return Ok(claims);
        }
        let claims = Arc::new(self.verify_anew(token)?);
        self.good.insert(digest, Arc::clone(&claims));
        Ok(claims)
    }

    fn verify_anew(&self, token: &str) -> Result<Claims, TokenError> {
        let header = token.split('.').next().unwrap_or_default();
        let header = URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| TokenError::Malformed)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| TokenError::Header)?;
        if header.alg != ALGORITHM || header.typ != TOKEN_TYPE {
            return Err(TokenError::Header);
        }
        let key = self.keys.get(&header.kid).ok_or(TokenError::UnknownKey)?;
        let decoded = jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .map_err(|error| refusal(&error))?;
        let claims = decoded.claims;
        token::check_times(&claims, token::now_seconds()).map_err(|_| TokenError::Claims)?;
        token::check_names(&claims).map_err(|_| TokenError::Claims)?;
        Ok(claims)
    }
}

fn refusal(error: &jsonwebtoken::errors::Error) -> TokenError {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Utf8(_) => {
            TokenError::Malformed
        }
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::Header,
        _ => TokenError::Claims,
    }
}
