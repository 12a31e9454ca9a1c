//! The signature of a delivery: HMAC-SHA256 (RFC 2104) over id, time, and body, as Standard Webhooks has it.

use super::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The value of `webhook-signature`.
///
/// # Errors
/// None in fact: HMAC takes keys of any length.
pub fn sign(
    secret: &Secret,
    id: &str,
    timestamp_seconds: i64,
    body: &[u8],
) -> Result<String, hmac::digest::InvalidLength> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes())?;
    mac.update(format!("{id}.{timestamp_seconds}.").as_bytes());
    mac.update(body);
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    Ok(format!("v1,{signature}"))
}
