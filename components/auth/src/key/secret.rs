//! The secret of an API key: `sk_` and 256 random bits in base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use strongroom_sdk::random::Random;

/// What every key begins with, so that people and scanners of source code recognize one.
const MARK: &str = "sk_";

/// 256 bits are beyond guessing, so the host may keep a plain hash.
const LENGTH: usize = 32;

/// The mark, and 48 of the 256 bits.
const PREFIX_LENGTH: usize = 11;

/// The whole key, as its client sends it. It is nowhere stored.
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn new(random: &impl Random) -> Self {
        let mut bytes = [0; LENGTH];
        random.fill(&mut bytes);
        Self(format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The first characters, which tell keys apart and open nothing.
    pub(super) fn prefix(&self) -> String {
        self.0.chars().take(PREFIX_LENGTH).collect()
    }

    /// The SHA-256, by which the gateway recognizes the key.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}
