//! The bounds of a component: time, CPU, memory, places, log lines, and what it reaches outside.

pub mod call_times;
pub mod compute;
pub mod cpu;
pub mod guest_log;
pub mod in_flight;
pub mod memory_limit;
pub mod outbound;
pub mod slots;
pub mod slow_responses;
