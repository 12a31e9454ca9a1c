//! The bounds on a component, each broken on purpose by a component of `tests/guests`.
//!
//! Goal: whatever a service does, a bound ends it, no other service notices, and its own next
//! honest request is served.
//! Method: the hostile service runs beside the whole bank.
//! [`neighbours::Neighbours::stay_well_while`] keeps an attack going while a new customer
//! registers, logs in, and moves money, so every answer of the bank is given during the attack, not
//! after it. How fast the neighbours are meanwhile is measured by a torture run, not here.

mod flood;
mod http;
mod lifecycle;
mod links;
mod neighbours;
mod outbound;
mod request_body;
mod shell;
mod sql;
mod state;
mod write_turn;

use neighbours::*;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use strongroom_tests::host::Host;
use strongroom_tests::race::at_once;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::wire::Connection;
use strongroom_tests::{Answer, Client, assert_parts, wait_until};
use tokio::task::JoinSet;
