//! The services of `examples/`, each added to a bank that runs.
//!
//! Goal: each does what its README says, with the registry tables and the commands that stand
//! there; and where one fails, it hurts nothing else.
//! Method: the default bank is started, and the registry saved over the one that runs.

pub mod example;
mod exchange_rates;
mod fraud_check;
mod notifications;
