//! Ids that follow from an idempotency key.

use crate::identity::Principal;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The first 16 bytes of SHA-256 over the principal's parts, scope, and key, each after its length
/// (32 bits, big-endian), with the version and variant bits of a UUID v8 (RFC 9562 section 5.8).
///
/// `scope` names what the key is compared with: requests of one scope have one id, whatever their
/// routes.
///
/// The id has no time and no random part: a service that has lost its file still derives the same
/// id for a repeated request.
pub fn derived_id(principal: Principal, scope: &str, key: &str) -> Uuid {
    let mut hasher = Sha256::new();
    let request = [scope.as_bytes(), key.as_bytes()];
    for field in principal.parts().into_iter().chain(request) {
        // No field is near 4 GiB: a key has at most 255 bytes.
        hasher.update(u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        hasher.update(field);
    }
    let digest = hasher.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests;
