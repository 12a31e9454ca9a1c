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
use std::collections::HashMap;

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

/// Checks tokens against the public keys.
pub(super) struct Verifier {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
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
        Self { keys, validation }
    }

    pub(super) fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
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
