//! The key of a webhook's signatures, as Standard Webhooks defines it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use strongroom_sdk::random::Random;

/// What a secret's text begins with.
const PREFIX: &str = "whsec_";
/// The length of a secret that the server makes, in bytes.
const FRESH_BYTES: usize = 32;

/// The key of a webhook's signatures. The client sees it once, and it is never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A secret of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// A new secret.
    pub fn fresh(random: &impl Random) -> Self {
        let mut bytes = vec![0; FRESH_BYTES];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads `whsec_` and base64.
    pub fn parse(text: &str) -> Option<Self> {
        STANDARD.decode(text.strip_prefix(PREFIX)?).ok().map(Self)
    }

    /// The text that [`Secret::parse`] reads.
    pub fn to_text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The key, as HMAC takes it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The value of `webhook-signature`: HMAC-SHA256 (RFC 2104) over id, time, and body.
    ///
    /// # Panics
    /// Never: HMAC takes keys of any length.
    pub fn sign(&self, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{timestamp_seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}
