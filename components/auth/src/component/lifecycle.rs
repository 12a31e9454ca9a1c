//! The export `strongroom:service/lifecycle`.

use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::{Component, configure, service};
use crate::{MIGRATIONS, admin_password};
use strongroom_sdk::config::Config;
use strongroom_sdk::store::{HostStore, migrate};

impl Guest for Component {
    /// Refuses a wrong configuration, migrates the store, and makes the first administrator.
    fn start() -> Result<Vec<String>, String> {
        let config = Config::from_host().map_err(|error| error.to_string())?;
        let service = configure(&config).map_err(|error| error.to_string())?;
        migrate(&HostStore, MIGRATIONS).map_err(|error| error.to_string())?;
        // The token service may start later: then the first tick that can delivers these.
        if let Err(error) = service.deliver_pending() {
            eprintln!("the next tick delivers what others must learn of changes: {error}");
        }
        service.bootstrap(admin_password(&config))
    }

    fn tick() -> Result<(), String> {
        let abandoned = service().abandon_pending_keys();
        let delivered = service().deliver_pending();
        let forgotten = service()
            .forget_old_failures()
            .and_then(|()| service().forget_old_devices())
            .and_then(|()| service().forget_old_replies());
        abandoned
            .and(delivered.map(drop))
            .and(forgotten)
            .map_err(|error| error.to_string())
    }
}
