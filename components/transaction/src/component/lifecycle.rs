//! `strongroom:service/lifecycle`.

use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::{Component, SERVICE};
use crate::Error;
use crate::index::{PARTS_PER_TICK_MAX, check_place, follow};
use crate::schema::MIGRATIONS;
use strongroom_sdk::config::Config;
use strongroom_sdk::store::migrate;

impl Guest for Component {
    /// Migrates the store, and refuses one that is ahead of the ledger. The service has no
    /// configuration, and refuses any.
    fn start() -> Result<Vec<String>, String> {
        let config = Config::from_host().map_err(|error| error.to_string())?;
        config.read().finish().map_err(|error| error.to_string())?;
        migrate(&SERVICE.store, MIGRATIONS).map_err(|error| error.to_string())?;
        match check_place(&SERVICE.store, &SERVICE.ledger) {
            // Without the ledger the service starts all the same, and works when that does.
            Ok(()) | Err(Error::Ledger(_)) => {}
            Err(error) => return Err(error.to_string()),
        }
        Ok(Vec::new())
    }

    /// Makes the payments of standing orders that are due, and indexes what the ledger has decided.
    fn tick() -> Result<(), String> {
        let paid = SERVICE.tick().map(drop).map_err(|error| error.to_string());
        let indexed = follow(&SERVICE.store, &SERVICE.ledger, PARTS_PER_TICK_MAX);
        let indexed = indexed.map_err(|error| error.to_string());
        paid.and(indexed.map(drop))
    }
}
