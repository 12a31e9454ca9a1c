//! The digest of a component's file.

use serde::{Serialize, Serializer};
use std::fmt;

/// The SHA-256 of a component's file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Digest {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wanted =
            || format!("`{text}` is not a digest; write \"sha256:\" and 64 hexadecimal digits");
        let digits = text.strip_prefix("sha256:").ok_or_else(wanted)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| wanted())?;
        Ok(Self(bytes))
    }
}
