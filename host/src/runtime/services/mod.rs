//! The services: their generations, which of these serves, and what the host calls in them.

pub mod audit;
pub mod callees;
pub mod canary;
pub mod commands;
pub mod figures;
pub mod generation;
mod known_stores;
pub mod lifecycle;
pub mod metrics;
pub mod openapi;
pub mod routing_table;
pub mod running;
pub mod service;
mod tick;
