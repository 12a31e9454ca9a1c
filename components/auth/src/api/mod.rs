//! The handlers of the routes.

pub(crate) mod keys;
pub(crate) mod own;
pub(crate) mod staff;
