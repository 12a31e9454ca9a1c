//! The handlers: what users do about themselves, and what staff do.

pub(crate) mod keys;
pub(crate) mod own;
pub(crate) mod staff;

/// Why a new password is refused.
const NEW_PASSWORD: &[&str] = &[
    "password_too_short",
    "password_too_long",
    "password_blocked",
];
