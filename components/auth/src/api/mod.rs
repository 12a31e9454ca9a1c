//! The calls of `/api/auth`. Their bodies and their rules are in a folder for each noun.

pub(crate) mod handlers;
