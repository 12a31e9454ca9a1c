//! The handlers: what users do about themselves, and what staff do.

pub(crate) mod keys;
pub(crate) mod own;
pub(crate) mod staff;
