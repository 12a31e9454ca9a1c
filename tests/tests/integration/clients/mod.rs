//! Goal: clients that others wrote find what they expect, and what they really send is understood.
//! Method: scripts of `tests/clients` that use a library each, against the real binary.

mod early_answers;
mod generated;
mod head;
mod json_texts;
mod schemathesis;
mod scripts;
