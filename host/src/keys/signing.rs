//! Signs valid access tokens only: no caller can get a signature of another text.

use super::Keys;
use super::bindings::signer::SignError;
use super::token::{
    self, ALGORITHM, Claims, JoseHeader, LEEWAY_SECONDS, TOKEN_BYTES_MAX, TOKEN_TYPE,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

impl Keys {
    /// Signs `base64url(header) . base64url(claims)`.
    ///
    /// # Errors
    /// It is not a valid access token of this host.
    pub(super) fn sign(&self, signing_input: &str) -> Result<[u8; 64], SignError> {
        self.check(signing_input).map_err(SignError::Refused)?;
        Ok(self.ring.current().sign(signing_input.as_bytes()))
    }

    fn check(&self, signing_input: &str) -> Result<(), String> {
        if signing_input.len() > TOKEN_BYTES_MAX {
            return Err(format!("the token is longer than {TOKEN_BYTES_MAX} bytes"));
        }
        let (header, claims) = signing_input
            .split_once('.')
            .ok_or("the token has no `.`")?;
        let header: JoseHeader = decode("header", header)?;
        if header.typ != TOKEN_TYPE {
            return Err(format!("`typ` must be `{TOKEN_TYPE}`"));
        }
        if header.alg != ALGORITHM {
            return Err(format!("`alg` must be `{ALGORITHM}`"));
        }
        if header.kid != self.ring.current().kid {
            return Err("`kid` is not the current key".to_owned());
        }
        let claims: Claims = decode("claims", claims)?;
        if claims.iss != self.policy.issuer {
            return Err("`iss` is not this host's issuer".to_owned());
        }
        if !claims.aud.names(&self.policy.audience) {
            return Err("`aud` does not name this host's audience".to_owned());
        }
        token::check_lifetime(&claims)?;
        token::check_names(&claims)?;
        let now = self.time.now_seconds();
        if claims.iat > now.saturating_add(LEEWAY_SECONDS) {
            return Err("`iat` is in the future".to_owned());
        }
        if claims.exp <= now {
            return Err("`exp` has passed".to_owned());
        }
        Ok(())
    }
}

fn decode<T: DeserializeOwned>(part: &str, text: &str) -> Result<T, String> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| format!("the {part} is not base64url without padding"))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("the {part} is malformed: {error}"))
}
