//! The screening service: a ledger in front of the ledger, which has each payment judged before it
//! is posted.
//!
//! It imports the ledger, exports it again, and keeps nothing. Links put it between the
//! transactions service and accounts, so that neither of the two knows of it. It fails closed: a
//! payment without a verdict is not posted.
//!
//! - [`Gate`]: what is judged, and what a verdict leads to;
//! - [`Screening`]: where verdicts come from.

#![deny(missing_docs)]

#[cfg(target_family = "wasm")]
mod component;
mod gate;
mod screening;

pub use gate::Gate;
pub use screening::{NoVerdict, Screening, Verdict};
