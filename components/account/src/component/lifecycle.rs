//! `strongroom:service/lifecycle`.

use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::{Component, configure};
use crate::ledger::expire_holds;
use crate::schema::MIGRATIONS;
use strongroom_sdk::clock::{Clock, SystemClock};
use strongroom_sdk::idempotency;
use strongroom_sdk::store::{HostStore, migrate};

impl Guest for Component {
    /// Refuses a wrong configuration, then migrates the store.
    fn start() -> Result<Vec<String>, String> {
        configure().map_err(|error| error.to_string())?;
        migrate(&HostStore, MIGRATIONS).map_err(|error| error.to_string())?;
        Ok(Vec::new())
    }

    /// Ends the holds whose time is up, and deletes the kept replies whose time is up.
    fn tick() -> Result<(), String> {
        expire_holds(&HostStore, &SystemClock).map_err(|error| error.to_string())?;
        idempotency::sweep(&HostStore, SystemClock.now_ms()).map_err(|error| error.to_string())
    }
}
