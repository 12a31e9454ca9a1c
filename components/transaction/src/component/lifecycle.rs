//! `strongroom:service/lifecycle`.

use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::users::LinkedUsers;
use super::{Component, SERVICE};
use crate::schedule;
use crate::schema::MIGRATIONS;
use strongroom_sdk::config::Config;
use strongroom_sdk::store::migrate;

impl Guest for Component {
    /// Refuses a configuration, as there is none, and migrates the store.
    fn start() -> Result<Vec<String>, String> {
        let config = Config::from_host().map_err(|error| error.to_string())?;
        config.expect_only(&[]).map_err(|error| error.to_string())?;
        migrate(&SERVICE.store, MIGRATIONS).map_err(|error| error.to_string())?;
        Ok(Vec::new())
    }

    /// Makes the payments of standing orders that are due.
    fn tick() -> Result<(), String> {
        schedule::tick(
            &SERVICE.store,
            &SERVICE.ledger,
            &LinkedUsers,
            &SERVICE.clock,
        )
        .map(drop)
        .map_err(|error| error.to_string())
    }
}
