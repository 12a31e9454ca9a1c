//! Histories: what clients asked and were told, and whether the bank's journal bears it out.
//!
//! Method, after Jepsen's of TigerBeetle: the bank itself says in which order it decided
//! (`sequence`), so there is no order to search for. The journal is replayed in that order on a
//! small model of a bank that moves money one wish after the other. Each request that was decided
//! must be in it exactly once, as the response says, and at a place that agrees with the wall
//! clock: a response that came before another call began comes before it. One response at most is
//! the first; all others are repetitions of the same. All of this takes one pass.

pub mod books;
pub mod call;
pub mod check;
pub mod crew;
pub mod journal;
pub mod model;
pub mod record;
pub mod replay;
pub mod scene;
pub mod traffic;
pub mod words;

pub use call::{CallRecord, Line, Reply, Told, Wish};
pub use check::{Checker, Rule, Violation};
pub use crew::{Crew, OwnedAsk, Shift};
pub use record::{Ask, Heard, History};
pub use scene::Scene;
pub use traffic::{Mix, Who, Wishes};
pub use words::{Currency, Decline, EUR, JPY, KWD, Kind, Outcome};

#[cfg(test)]
mod tests;
