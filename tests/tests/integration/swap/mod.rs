//! Hot swap: saving `registry.toml` or a component's file changes what changed, and nothing else,
//! while requests go on.
//!
//! Goal: no request is dropped or sees a half-made change; whatever is wrong with a new version,
//! the old one goes on serving and the operator sees why; what serves, what was changed, and how
//! long each step took can be read from the admin listener.
//! Method: the services are the `versions` of `tests/guests`, which answer with the version that
//! they are. A request that must be in flight at a switch waits at a gate in its service's store,
//! which the test opens when it has seen what it wants to see; so nothing here depends on how fast
//! the machine is.

mod admin;
mod admin_guard;
mod any_file;
mod arrivals;
mod bank;
mod canary;
mod canary_verdict;
mod changes;
mod commands;
mod compiler;
mod departures;
mod documents;
mod drain;
pub mod files;
mod half_written;
mod in_flight;
mod links;
mod many_swaps;
mod operator;
mod plan;
mod refusals;
mod registry_mistakes;
mod schemas;
mod triggers;
mod versions;

use files::*;
use operator::*;
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Value, assert_json, assert_parts, json, list, text};
use strongroom_tests::{wait_for, wait_until, workspace};
use versions::*;
