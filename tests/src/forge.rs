//! Access tokens (JWT, RFC 7519) and their parts. A test does not have the bank's private key: a
//! forgery is a real token with something changed, or one that our own key signed.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::Value;

/// The parts of a token.
#[derive(Debug, Clone)]
pub struct Token {
    pub header: Value,
    pub claims: Value,
    pub signature: Vec<u8>,
}

impl Token {
    /// Takes a real token apart.
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

    /// Signed with an Ed25519 key that is not the bank's, and is always the same.
    pub fn sign_with_own_key(&self) -> String {
        let [header, claims] =
            [&self.header, &self.claims].map(|part| encode(part.to_string().as_bytes()));
        let input = format!("{header}.{claims}");
        let signature = SigningKey::from_bytes(&[7; 32]).sign(input.as_bytes());
        format!("{input}.{}", encode(&signature.to_bytes()))
    }
}

/// base64url without padding (RFC 7515 section 2).
pub fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The reverse.
pub fn decode(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url")
}
