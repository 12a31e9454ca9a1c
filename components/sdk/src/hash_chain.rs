//! The encoding that all hash chains of the bank share.
//!
//! Integers are big-endian. An optional value is 0x00, or 0x01 and the value. A text is its length
//! as u32 and its UTF-8 bytes.
//!
//! ```
//! use strongroom_sdk::hash_chain::{push_integer, push_text};
//!
//! let mut bytes = Vec::new();
//! push_text(&mut bytes, Some("ab"));
//! push_integer(&mut bytes, None);
//! assert_eq!(bytes, [1, 0, 0, 0, 2, b'a', b'b', 0]);
//! ```

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash that the first row follows.
pub const GENESIS: Hash = [0; 32];

/// Appends an optional text.
pub fn push_text(bytes: &mut Vec<u8>, text: Option<&str>) {
    bytes.push(u8::from(text.is_some()));
    if let Some(text) = text {
        // Every hashed text has a limit far below 4 GiB.
        bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
}

/// Appends an optional integer.
pub fn push_integer(bytes: &mut Vec<u8>, integer: Option<i64>) {
    bytes.push(u8::from(integer.is_some()));
    bytes.extend(integer.map(i64::to_be_bytes).into_iter().flatten());
}

/// Appends an optional id.
pub fn push_id(bytes: &mut Vec<u8>, id: Option<uuid::Uuid>) {
    bytes.push(u8::from(id.is_some()));
    bytes.extend(id.map(uuid::Uuid::into_bytes).into_iter().flatten());
}
