//! Why the wall clock is not trusted, and what to do about it.

use super::rfc3339;
use std::fmt;

/// Why the clock is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// It has jumped while the host ran.
    Jumped {
        /// The time that it shows, in milliseconds since 1970 UTC.
        shown_ms: i64,
        /// The time that follows from the time since boot.
        expected_ms: i64,
    },
    /// It is earlier than when the host last ran.
    Behind {
        /// The time that it shows, in milliseconds since 1970 UTC.
        shown_ms: i64,
        /// The latest time that the host has saved.
        last_ms: i64,
    },
}

impl Distrust {
    /// Says what is wrong, and what to do.
    pub fn advice(&self) -> String {
        format!(
            "{self}; nothing is written until it is right again: set it, or accept it with \
             `strongroom admin accept-clock`"
        )
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Jumped {
                shown_ms,
                expected_ms,
            } => write!(
                formatter,
                "the machine's clock has jumped: it shows {}, and by the time since boot it is {}",
                rfc3339::format(shown_ms),
                rfc3339::format(expected_ms)
            ),
            Self::Behind { shown_ms, last_ms } => write!(
                formatter,
                "the machine's clock is behind: it shows {}, and the host has run until {}",
                rfc3339::format(shown_ms),
                rfc3339::format(last_ms)
            ),
        }
    }
}
