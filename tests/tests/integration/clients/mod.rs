//! Goal: clients that others wrote find what they expect.
//! Method: scripts of `tests/clients` that use a library each, against the real binary.

mod early_answers;
mod head;
mod oauth;
