//! The black-box tests: the real binary over real sockets, with real SQLite files and real
//! components.
//!
//! One binary, so that it is linked once, and so that all tests that do not break their bank share
//! one (`Bank::shared`). Each module opens with its goal and its method.

/// An array whose rows rustfmt leaves as they are.
macro_rules! rows {
    ($($row:expr),* $(,)?) => { [$($row),*] };
}

mod accounts;
mod authorization;
mod backup;
mod bad_input;
mod bounds;
mod clients;
mod clock;
mod contract;
mod deploy;
mod dev;
mod edge;
mod examples;
mod faults;
mod isolation;
mod keys;
mod kill;
mod logs;
mod metrics;
mod movement;
mod orders;
mod protocol;
mod readme;
mod repeats;
mod requests;
mod statements;
mod storms;
mod story;
mod swap;
mod tamper;
mod tokens;
mod traces;
mod verify;
mod webhooks;
