//! The value of `traceparent` (W3C Trace Context): `00-<trace id>-<span id>-<flags>`.

use std::fmt;
use uuid::Uuid;

/// The length of version 00.
const LENGTH: usize = 55;

/// The id of a trace, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(u128);

/// The id of a span, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanId(u64);

/// A span, as those know it whom it has called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace: TraceId,
    /// The span of who calls.
    pub span: SpanId,
    /// Whether it is recorded, and more.
    pub flags: u8,
}

impl TraceId {
    /// A new one. The version of the UUID is not zero.
    pub fn random() -> Self {
        Self(Uuid::new_v4().as_u128())
    }
}

impl SpanId {
    /// A new one. The version of the UUID is in this half.
    pub fn random() -> Self {
        Self(Uuid::new_v4().as_u64_pair().0)
    }
}

impl TraceParent {
    /// That the span is recorded.
    pub const SAMPLED: u8 = 1;

    /// Parses the value of this version or a later one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let [version, trace, span, flags] = [(); 4].map(|()| parts.next());
        let version = hex(version?, 2)?;
        let is_of_version = match version {
            0xff => false,
            0 => text.len() == LENGTH,
            _ => true,
        };
        let trace = hex(trace?, 32).filter(|trace| *trace != 0)?;
        let span = hex(span?, 16).filter(|span| *span != 0)?;
        let flags = hex(flags?, 2)?;
        is_of_version.then_some(Self {
            trace: TraceId(trace),
            span: SpanId(span.try_into().ok()?),
            flags: flags.try_into().ok()?,
        })
    }
}

/// Digits in lower case, of exactly this length.
fn hex(text: &str, length: usize) -> Option<u128> {
    let is_hex = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let number = u128::from_str_radix(text, 16).ok();
    number.filter(|_| is_hex && text.len() == length)
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace, span, flags } = self;
        write!(formatter, "00-{trace}-{span}-{flags:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_value_is_written_as_it_was_read_and_others_are_none() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(TraceParent::parse(text).unwrap().to_string(), text);
        let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more";
        assert_eq!(TraceParent::parse(later).unwrap().to_string(), text);
        for broken in rows! {
            "", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        } {
            assert_eq!(TraceParent::parse(broken), None, "{broken}");
        }
    }
}
