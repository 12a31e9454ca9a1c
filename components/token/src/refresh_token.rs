//! The form of refresh tokens, and how one follows from another.
//!
//! ```text
//! srt_ base64url( session id (16) | counter (4) | secret (32) | tag (16) )
//! ```
//!
//! The first secret of a session is random. Each next one is
//! `HMAC-SHA256(session key, "next" | counter | secret)`. So the same token always has the same
//! successor, and a client that lost a response can simply ask again. The store has the session key
//! and the SHA-256 of the current secret. Neither the store nor a stolen token alone gives the next
//! token.
//!
//! The tag is `HMAC-SHA256(session key, "tag " | counter | secret)`, cut to 128 bits. It
//! distinguishes a token of the session from an invented one. A reused token ends the session (RFC
//! 9700 section 4.14.2), and an invented one must not: otherwise any client that knows the id of a
//! session could end it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Marks a refresh token, also for scanners that search leaked texts for secrets.
const PREFIX: &str = "srt_";

const SECRET_LENGTH: usize = 32;
const TAG_LENGTH: usize = 16;
const LENGTH: usize = 16 + 4 + SECRET_LENGTH + TAG_LENGTH;

/// The random key that makes the tags and successors of a session. It never leaves the store.
pub type SessionKey = [u8; 32];

/// A refresh token. [`RefreshToken::is_authentic`] says whether the session made it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session: Uuid,
    counter: u32,
    secret: [u8; SECRET_LENGTH],
    tag: [u8; TAG_LENGTH],
}

impl RefreshToken {
    pub fn first(session: Uuid, key: &SessionKey, secret: [u8; SECRET_LENGTH]) -> Self {
        Self::new(session, key, 0, secret)
    }

    /// The token that follows this one; none after 2^32 rotations, which no session reaches.
    pub fn successor(&self, key: &SessionKey) -> Option<Self> {
        let counter = self.counter.checked_add(1)?;
        let secret = mac(key, b"next", counter, &self.secret);
        Some(Self::new(self.session, key, counter, secret))
    }

    /// The token that follows this one after so many rotations.
    pub fn descendant(&self, key: &SessionKey, rotations: u32) -> Option<Self> {
        (0..rotations).try_fold(self.clone(), |token, _| token.successor(key))
    }

    fn new(session: Uuid, key: &SessionKey, counter: u32, secret: [u8; SECRET_LENGTH]) -> Self {
        Self {
            session,
            counter,
            secret,
            tag: tag(key, counter, &secret),
        }
    }

    /// Whether the session with this key made the token.
    pub fn is_authentic(&self, key: &SessionKey) -> bool {
        tag(key, self.counter, &self.secret).ct_eq(&self.tag).into()
    }

    pub fn session(&self) -> Uuid {
        self.session
    }

    /// How many rotations made it: 0 for the first token of a session.
    pub fn counter(&self) -> u32 {
        self.counter
    }

    /// SHA-256 of the secret, which the store keeps.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }

    pub fn to_text(&self) -> String {
        let mut bytes = [0; LENGTH];
        bytes[..16].copy_from_slice(self.session.as_bytes());
        bytes[16..20].copy_from_slice(&self.counter.to_be_bytes());
        bytes[20..52].copy_from_slice(&self.secret);
        bytes[52..].copy_from_slice(&self.tag);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD
            .decode(text.strip_prefix(PREFIX)?)
            .ok()?
            .try_into()
            .ok()?;
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (counter, rest) = rest.split_first_chunk::<4>()?;
        let (secret, rest) = rest.split_first_chunk::<SECRET_LENGTH>()?;
        Some(Self {
            session: Uuid::from_bytes(*session),
            counter: u32::from_be_bytes(*counter),
            secret: *secret,
            tag: rest.try_into().ok()?,
        })
    }
}

impl std::fmt::Debug for RefreshToken {
    /// Hides the secret and the tag.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RefreshToken")
            .field("session", &self.session)
            .field("counter", &self.counter)
            .finish_non_exhaustive()
    }
}

fn tag(key: &SessionKey, counter: u32, secret: &[u8; SECRET_LENGTH]) -> [u8; TAG_LENGTH] {
    let mut tag = [0; TAG_LENGTH];
    tag.copy_from_slice(&mac(key, b"tag ", counter, secret)[..TAG_LENGTH]);
    tag
}

/// Every part has a fixed length, so two different inputs are never the same bytes.
fn mac(
    key: &SessionKey,
    purpose: &[u8; 4],
    counter: u32,
    secret: &[u8; SECRET_LENGTH],
) -> [u8; 32] {
    // HMAC takes keys of any length.
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("a key of 32 bytes fits HMAC");
    mac.update(purpose);
    mac.update(&counter.to_be_bytes());
    mac.update(secret);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests;
