//! The export `strongroom:service/lifecycle`.

use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::{Component, configure, service};
use crate::MIGRATIONS;
use strongroom_sdk::store::{HostStore, migrate};

impl Guest for Component {
    /// Refuses a wrong configuration, migrates the store, and delivers what the last generation
    /// could not.
    fn start() -> Result<Vec<String>, String> {
        let service = configure().map_err(|error| error.to_string())?;
        migrate(&HostStore, MIGRATIONS).map_err(|error| error.to_string())?;
        service
            .deliver_pending()
            .map_err(|error| error.to_string())?;
        Ok(Vec::new())
    }

    fn tick() -> Result<(), String> {
        let delivered = service().deliver_pending();
        let purged = service().purge();
        delivered
            .map(drop)
            .and(purged)
            .map_err(|error| error.to_string())
    }
}
