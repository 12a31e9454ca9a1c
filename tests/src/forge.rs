//! Access tokens (JWT, RFC 7519) that are wrong in one way. A test does not have the bank's private
//! key: a forgery is a real token with something changed, or one that our own key signed.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// The parts of a token.
#[derive(Debug, Clone)]
pub struct Token {
    pub header: Value,
    pub claims: Value,
    pub signature: Vec<u8>,
}

impl Token {
    /// Takes a real token apart.
    ///
    /// # Panics
    ///
    /// If it is not three parts of base64url, the first two JSON.
    pub fn parse(token: &str) -> Self {
        let parts: Vec<Vec<u8>> = token.split('.').map(decode).collect();
        let [header, claims, signature] = parts.as_slice() else {
            panic!("{} parts", parts.len())
        };
        Self {
            header: serde_json::from_slice(header).expect("a header is JSON"),
            claims: serde_json::from_slice(claims).expect("claims are JSON"),
            signature: signature.clone(),
        }
    }

    /// With a field of the header set.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    /// Without a field of the header.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header
            .as_object_mut()
            .expect("a header is an object")
            .remove(name);
        self
    }

    /// With a claim set.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// With the signature that the token came with.
    pub fn keep_signature(&self) -> String {
        self.with_signature(&self.signature)
    }

    /// With this signature.
    pub fn with_signature(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.signing_input(), encode(signature))
    }

    /// Signed with an Ed25519 key that is not the bank's.
    pub fn sign_with_own_key(&self) -> String {
        self.with_signature(&own_key().sign(self.signing_input().as_bytes()).to_bytes())
    }

    /// Signed with HMAC-SHA256 under any key.
    ///
    /// # Panics
    ///
    /// Never: HMAC takes keys of any length.
    pub fn sign_with_hmac(&self, key: &[u8]) -> String {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes any key");
        mac.update(self.signing_input().as_bytes());
        self.with_signature(&mac.finalize().into_bytes())
    }

    fn signing_input(&self) -> String {
        format!(
            "{}.{}",
            encode(self.header.to_string().as_bytes()),
            encode(self.claims.to_string().as_bytes())
        )
    }
}

/// Our own key, always the same.
fn own_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// Our own public key as a JWK (RFC 8037).
pub fn own_public_jwk() -> Value {
    serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": encode(own_key().verifying_key().as_bytes())})
}

/// base64url without padding (RFC 7515 section 2).
pub fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The reverse.
///
/// # Panics
///
/// If it is not that.
pub fn decode(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url")
}
