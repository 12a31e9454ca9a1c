//! The parts of a hash chain's encoding that all chains of the bank share.
//!
//! Integers are big-endian. What may be missing is 0x00, or 0x01 and the value; a text is its length as u32 and its UTF-8 bytes.

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash before the first row.
pub const GENESIS: Hash = [0; 32];

/// Appends a text that may be missing.
pub fn push_text(bytes: &mut Vec<u8>, text: Option<&str>) {
    bytes.push(u8::from(text.is_some()));
    if let Some(text) = text {
        // Every text that is hashed has a limit far below 4 GiB.
        bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
}

/// Appends an integer that may be missing.
pub fn push_integer(bytes: &mut Vec<u8>, integer: Option<i64>) {
    bytes.push(u8::from(integer.is_some()));
    bytes.extend(integer.map(i64::to_be_bytes).into_iter().flatten());
}

/// Appends an id that may be missing.
pub fn push_id(bytes: &mut Vec<u8>, id: Option<uuid::Uuid>) {
    bytes.push(u8::from(id.is_some()));
    bytes.extend(id.map(uuid::Uuid::into_bytes).into_iter().flatten());
}
