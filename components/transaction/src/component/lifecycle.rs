//! `strongroom:service/lifecycle`.

use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::{Component, configure, service};
use crate::recover;
use crate::schema::MIGRATIONS;
use strongroom_sdk::store::migrate;

impl Guest for Component {
    /// Refuses a wrong configuration, migrates the store, and settles what the last generation has left open.
    fn start() -> Result<Vec<String>, String> {
        let service = configure()?;
        migrate(&service.store, MIGRATIONS).map_err(|error| error.to_string())?;
        let sweep = recover::start(&service.store, &service.ledger, &service.clock)
            .map_err(|error| error.to_string())?;
        if sweep != recover::Sweep::default() {
            eprintln!(
                "recovery: {} intents settled, {} left for later",
                sweep.settled, sweep.failed
            );
        }
        Ok(Vec::new())
    }

    fn tick() -> Result<(), String> {
        let service = service();
        recover::tick(&service.store, &service.ledger, &service.clock)
            .map(drop)
            .map_err(|error| error.to_string())
    }
}
