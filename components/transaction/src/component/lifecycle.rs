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
        match recover::start(&service.store, &service.ledger, &service.clock) {
            Ok(sweep) if sweep == recover::Sweep::default() => {}
            Ok(sweep) => eprintln!(
                "recovery: {} intents settled, {} without an answer",
                sweep.settled, sweep.failed
            ),
            // Nothing is lost, and the ticks go on: no reason not to serve.
            Err(error) => eprintln!("recovery is left to the ticks: {error}"),
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
