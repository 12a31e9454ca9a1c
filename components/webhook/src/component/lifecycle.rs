//! `strongroom:service/lifecycle`.

use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::{Component, SERVICE};
use crate::Error;
use crate::delivery::check_place;
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
        match check_place(&SERVICE.store, &SERVICE.journal) {
            // Without the ledger the service starts all the same, and works when that does.
            Ok(()) | Err(Error::Journal(_)) => {}
            Err(error) => return Err(error.to_string()),
        }
        Ok(Vec::new())
    }

    /// Sends what has happened, and retries what has failed.
    fn tick() -> Result<(), String> {
        SERVICE.tick().map(drop).map_err(|error| error.to_string())
    }
}
