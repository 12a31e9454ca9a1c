//! The edge: what strangers can do to everybody else from outside, which is nothing.
//!
//! Goal: each attack gets the answer that `docs/security.md` promises, takes no more than its share
//! of what all share, and other clients are served meanwhile. An id in a test's name (`h1`, `z4`)
//! is that of the table there. Method: attackers come from 127.0.0.2 and on, by raw sockets, by
//! HTTP/2 of a library, and by tools of others (`tests/attacks`); the customer comes from
//! 127.0.0.1. No test bounds a time that a slow machine may exceed: where one must, the bound tells
//! service from none.

mod bodies;
mod customer;
mod framing;
mod hashing;
mod heads;
mod http;
mod identity;
mod lockout;
mod places;
mod rates;
mod refusals;
mod sessions;
mod storm;
pub mod tls;
mod tools;
mod turns;
mod windows;

use customer::*;
use std::net::Ipv4Addr;
use std::time::Duration;
use strongroom_tests::attackers::attacker;
use strongroom_tests::bank::PASSWORD;
use strongroom_tests::host::Host;
use strongroom_tests::race::Flood;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::scale::short_or_full;
use strongroom_tests::wire::{Connection, exchange_from};
use strongroom_tests::{Answer, Bank, Client, Value, assert_parts, json, wait_until};
