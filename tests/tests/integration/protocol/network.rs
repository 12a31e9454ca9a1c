//! Between client and host, and between T, screening, and A: messages are lost, doubled, and
//! overtake each other.
//!
//! A message stays here and may arrive at any time, any number of times, or never. That
//! is loss, doubling without a bound, and every order, without a step for any of them. Between T
//! and A it is more than the links of one process can do wrong: there a call is lost or late only
//! when its caller has timed out.
//!
//! - Requests are not even kept: a client may send each of its requests at any time, and so each
//!   may arrive at any time. A retry is no other message than a doubled one.
//! - A response counts from the moment it is sent, whether it arrives or not.

use super::*;

/// All that was ever sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Network {
    /// T to A, or to the screening before it.
    pub calls: Set<Call>,
    /// The screening to A.
    pub screened: Set<Call>,
    /// A to T.
    pub replies: Set<Reply>,
    /// T to clients.
    pub responses: Set<Response>,
}
