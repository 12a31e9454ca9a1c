//! `strongroom:service/lifecycle`.

use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::{Component, SERVICE};
use crate::delivery::tick;
use crate::schema::MIGRATIONS;
use strongroom_ledger_api::Linked;
use strongroom_sdk::config::Config;
use strongroom_sdk::http::client::HostClient;
use strongroom_sdk::store::migrate;

impl Guest for Component {
    /// Refuses any configuration, as there is none, then migrates the store.
    fn start() -> Result<Vec<String>, String> {
        let config = Config::from_host().map_err(|error| error.to_string())?;
        config.expect_only(&[]).map_err(|error| error.to_string())?;
        migrate(&SERVICE.store, MIGRATIONS).map_err(|error| error.to_string())?;
        Ok(Vec::new())
    }

    /// Sends what has happened, and what is to be sent again.
    fn tick() -> Result<(), String> {
        tick(&SERVICE.store, &Linked, &HostClient, &SERVICE.clock)
            .map_err(|error| error.to_string())?;
        Ok(())
    }
}
