//! Cursors: a version byte and the key of a row, in base64url. They are opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// The first byte of every cursor. It grows when the form changes.
const VERSION: u8 = 1;

/// A key that orders a list.
pub trait CursorKey: Sized {
    /// The cursor of this key.
    fn to_cursor(&self) -> String;

    /// The key of a cursor; none for any other text.
    fn from_cursor(text: &str) -> Option<Self>;
}

impl CursorKey for Uuid {
    fn to_cursor(&self) -> String {
        encode(self.as_bytes())
    }

    fn from_cursor(text: &str) -> Option<Self> {
        decode(text).map(Self::from_bytes)
    }
}

impl CursorKey for u64 {
    fn to_cursor(&self) -> String {
        encode(&self.to_be_bytes())
    }

    fn from_cursor(text: &str) -> Option<Self> {
        decode(text).map(Self::from_be_bytes)
    }
}

fn encode(key: &[u8]) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(key);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (version, key) = bytes.split_first()?;
    (*version == VERSION).then_some(())?;
    key.try_into().ok()
}
