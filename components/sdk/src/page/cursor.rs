//! Cursors: where a page begins, in which direction, and of which list. They are opaque to clients.

use crate::store::Value;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The first byte of every cursor. It grows when the form changes.
const VERSION: u8 = 2;

/// A key that orders a list, newest first.
pub trait CursorKey: Copy + Into<Value> {
    /// A key above those of all rows.
    const NEWEST: Self;

    /// The bytes of the key.
    fn to_bytes(self) -> Vec<u8>;

    /// The key of these bytes; none for any others.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl CursorKey for Uuid {
    const NEWEST: Self = Self::max();

    fn to_bytes(self) -> Vec<u8> {
        self.into_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes).ok()
    }
}

impl CursorKey for i64 {
    const NEWEST: Self = Self::MAX;

    fn to_bytes(self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

/// Which list a cursor belongs to: its path and its filters, as a hash of 4 bytes. It keeps clients
/// from mistakes; what a caller may read, the query says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListTag([u8; 4]);

impl ListTag {
    /// The tag of a path and the list's own parameters in any order.
    pub fn new(path: &str, mut filters: Vec<(String, String)>) -> Self {
        filters.sort();
        let mut hasher = Sha256::new_with_prefix(path.trim_end_matches('/'));
        for (name, value) in filters {
            for text in [name, value] {
                hasher.update([0]);
                hasher.update(text);
            }
        }
        let digest = hasher.finalize();
        Self([digest[0], digest[1], digest[2], digest[3]])
    }
}

/// A place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor<K> {
    /// The page has rows on one side of this key, and not the row itself.
    pub key: K,
    /// Whether the page has the newer rows next to the key: the page before.
    pub is_back: bool,
}

impl<K: CursorKey> Cursor<K> {
    /// The text of a cursor.
    pub fn encode(self, tag: ListTag) -> String {
        let mut bytes = vec![VERSION, u8::from(self.is_back)];
        bytes.extend_from_slice(&tag.0);
        bytes.extend(self.key.to_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor of a text; none for any text that this list has not made.
    pub fn decode(text: &str, tag: ListTag) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (head, key) = bytes.split_at_checked(6)?;
        let is_back = head[1] == 1;
        let expected = [&[VERSION, u8::from(is_back)], tag.0.as_slice()].concat();
        (head == expected).then_some(())?;
        let key = K::from_bytes(key)?;
        Some(Self { key, is_back })
    }
}
