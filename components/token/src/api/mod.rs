//! The handlers of the service's routes.

pub mod request;
