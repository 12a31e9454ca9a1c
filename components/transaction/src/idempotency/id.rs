//! The id of a transfer.

use super::IdempotencyKey;
use crate::request::Route;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The first 16 bytes of SHA-256 over principal, route, and key, each behind its length (32 bits, big-endian); then the version and
/// variant bits of a UUID v8 (RFC 9562 section 5.8), so that it is a UUID for everybody.
///
/// Deterministic, and without a time, on purpose: this service may lose its file, and a client's retry still meets the same transfer
/// in the ledger, which keeps ids unique for ever.
pub fn transfer_id(principal: Uuid, route: Route, key: &IdempotencyKey) -> Uuid {
    derived_id(principal, route.as_str(), key)
}

/// The same for what is no transfer: `scope` stands where the route does.
pub fn derived_id(principal: Uuid, scope: &str, key: &IdempotencyKey) -> Uuid {
    let mut hasher = Sha256::new();
    for field in [
        principal.as_bytes().as_slice(),
        scope.as_bytes(),
        key.as_str().as_bytes(),
    ] {
        // A key has at most 255 bytes, the others fewer.
        hasher.update(u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        hasher.update(field);
    }
    let digest = hasher.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(principal: u128, route: Route, key: &str) -> Uuid {
        let key = IdempotencyKey::from_header([key.as_bytes()]).unwrap();
        transfer_id(Uuid::from_u128(principal), route, &key)
    }

    /// The expected id was computed apart from this code, from the description above.
    #[test]
    fn an_id_never_changes_from_release_to_release() {
        assert_eq!(
            id(1, Route::Transfer, "key").to_string(),
            "ae9049f0-a5d0-8689-9d37-b5530a3fa77e"
        );
    }

    #[test]
    fn each_part_makes_another_id() {
        let ids = [
            id(1, Route::Transfer, "key"),
            id(2, Route::Transfer, "key"),
            id(1, Route::Deposit, "key"),
            id(1, Route::Transfer, "kez"),
        ];
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id));
            assert_eq!(id.get_version_num(), 8);
        }
    }
}
