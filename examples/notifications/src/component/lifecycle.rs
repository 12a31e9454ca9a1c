//! `strongroom:service/lifecycle`.

use super::Component;
use super::bindings::exports::strongroom::service::lifecycle::Guest;
use crate::follow;
use crate::schema::MIGRATIONS;
use strongroom_ledger_api::{Journal, Linked};
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{HostStore, migrate};

impl Guest for Component {
    fn start() -> Result<Vec<String>, String> {
        migrate(&HostStore, MIGRATIONS).map_err(|error| error.to_string())?;
        Ok(Vec::new())
    }

    fn tick() -> Result<(), String> {
        let journal = |after, limit| Linked.journal(after, limit);
        follow::tick(&HostStore, journal, &SystemClock, &SystemRandom)
            .map(drop)
            .map_err(|error| error.to_string())
    }
}
