//! The Ed25519 keys, in one file that only the owner may read.

use super::KeysError;
use crate::durable_file::replace;
use crate::private_file;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::Path;

pub(super) const FILE_NAME: &str = "signing-keys.json";

/// The file: a list of keys, the newest first. The first one signs, all of them verify.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRing {
    keys: Vec<StoredKey>,
}

/// One key (RFC 8037 names: `d` is the 32-byte seed in base64url).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    d: String,
}

/// The keys that sign and verify.
pub(super) struct Keyring {
    keys: Vec<NamedKey>,
    public_set: String,
}

/// One key and its id.
pub(super) struct NamedKey {
    /// The thumbprint of RFC 7638, by which a verifier finds the key.
    pub(super) kid: String,
    signing: SigningKey,
}

impl NamedKey {
    fn new(signing: SigningKey) -> Self {
        let kid = thumbprint(&signing.verifying_key());
        Self { kid, signing }
    }

    /// `x` of the public key, in base64url (RFC 8037 section 2).
    pub(super) fn x(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.signing.verifying_key().as_bytes())
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }
}

impl Keyring {
    pub(super) fn open(folder: &Path) -> Result<Self, KeysError> {
        let file = folder.join(FILE_NAME);
        let keys = match private_file::read(&file) {
            Ok(content) => parse(&content).map_err(|problem| KeysError::Content {
                file: file.display().to_string(),
                problem,
                loss: "then every token ends",
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => vec![create(&file)?],
            Err(error) => return Err(KeysError::file(&file, error)),
        };
        let public_set = public_set(&keys);
        Ok(Self { keys, public_set })
    }

    /// The key that signs.
    pub(super) fn current(&self) -> &NamedKey {
        &self.keys[0]
    }

    /// The keys that verify.
    pub(super) fn all(&self) -> &[NamedKey] {
        &self.keys
    }

    pub(super) fn public_set(&self) -> &str {
        &self.public_set
    }
}

fn create(file: &Path) -> Result<NamedKey, KeysError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| KeysError::file(file, std::io::Error::other(error)))?;
    let stored = StoredRing {
        keys: vec![StoredKey {
            d: URL_SAFE_NO_PAD.encode(seed),
        }],
    };
    let content =
        serde_json::to_vec(&stored).map_err(|error| KeysError::file(file, error.into()))?;
    // Durable before its first use: no token may have the signature of a key that a crash loses.
    replace(file, &content).map_err(|error| KeysError::file(file, error))?;
    Ok(NamedKey::new(SigningKey::from_bytes(&seed)))
}

fn parse(content: &[u8]) -> Result<Vec<NamedKey>, String> {
    let stored: StoredRing = serde_json::from_slice(content).map_err(|error| {
        format!(
            "is not a key file: line {}, column {}",
            error.line(),
            error.column()
        )
    })?;
    let mut keys: Vec<NamedKey> = Vec::with_capacity(stored.keys.len());
    for stored in stored.keys {
        let seed = URL_SAFE_NO_PAD
            .decode(&stored.d)
            .ok()
            .and_then(|seed| <[u8; 32]>::try_from(seed).ok());
        let seed = seed.ok_or("a key's `d` is not 32 bytes in base64url")?;
        let key = NamedKey::new(SigningKey::from_bytes(&seed));
        if keys.iter().any(|other| other.kid == key.kid) {
            return Err("holds a key twice".to_owned());
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Err("holds no key".to_owned());
    }
    Ok(keys)
}

/// RFC 7638: SHA-256 over the required members in lexicographic order, without white space.
fn thumbprint(key: &VerifyingKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

fn public_set(keys: &[NamedKey]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|key| {
            serde_json::json!({
                "kty": "OKP", "crv": "Ed25519", "x": key.x(), "kid": key.kid,
                "use": "sig", "alg": super::token::ALGORITHM,
            })
        })
        .collect();
    serde_json::json!({ "keys": keys }).to_string()
}
