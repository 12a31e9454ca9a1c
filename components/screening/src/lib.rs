//! The screening service: a ledger in front of the ledger, which asks for a verdict on each payment
//! before it posts it.
//!
//! It imports the ledger, exports it again, and stores nothing. Links put it between the
//! transactions service and accounts, and neither of the two knows of it. It fails closed: it posts
//! no payment without a verdict.
//!
//! - [`Gate`]: which payments need a verdict, and what it leads to;
//! - [`Screening`]: where verdicts come from.

#![deny(missing_docs)]

#[cfg(target_family = "wasm")]
mod component;
mod gate;
mod legs;
mod screening;

pub use gate::Gate;
pub use screening::{NoVerdict, Screening, Verdict};
