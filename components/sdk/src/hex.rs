//! Hashes as text: lower-case hexadecimal.

use std::fmt::Write;

/// Two digits for each byte.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // A `String` takes whatever is written.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
