//! `strongroom:service/lifecycle`.

use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::webhooks::HUB;
use super::{Component, configure, service};
use crate::recover;
use crate::schedule;
use crate::schema::MIGRATIONS;
use crate::webhook;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::migrate;

impl Guest for Component {
    /// Refuses a wrong configuration, migrates the store, and settles what the last generation has left open.
    fn start() -> Result<Vec<String>, String> {
        let service = configure()?;
        migrate(&service.store, MIGRATIONS).map_err(|error| error.to_string())?;
        // What is left out of the log is told by `verify`, and at the next start: no reason not to serve.
        if let Err(error) = webhook::tell_untold(&service.store, &service.clock, &SystemRandom) {
            eprintln!("the audit log of webhooks: {error}");
        }
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

    /// Each part in its turn, whatever becomes of those before it; what waits for the outside is last.
    fn tick() -> Result<(), String> {
        let service = service();
        let (store, ledger, clock) = (&service.store, &service.ledger, &service.clock);
        let intents = recover::tick(store, ledger, clock).map(drop);
        let schedules = schedule::tick(store, ledger, clock, service.intent_deadline_ms).map(drop);
        let webhooks = webhook::tick(&HUB).map(drop);
        intents.map_err(|error| error.to_string())?;
        schedules.map_err(|error| format!("schedules: {error}"))?;
        webhooks.map_err(|error| format!("webhooks: {error}"))
    }
}
