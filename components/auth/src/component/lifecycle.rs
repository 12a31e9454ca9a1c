//! The export `strongroom:service/lifecycle`.

use super::Component;
use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::env::service;
use crate::{MIGRATIONS, admin_password};
use strongroom_sdk::config::Config;
use strongroom_sdk::store::{HostStore, migrate};

impl Guest for Component {
    fn start() -> Result<Vec<String>, String> {
        let service = service().map_err(|error| error.to_string())?;
        migrate(&HostStore, MIGRATIONS).map_err(|error| error.to_string())?;
        // What cannot be delivered now, because the token service starts later, is delivered by the first tick that can.
        if let Err(error) = service.deliver_pending() {
            eprintln!("sessions to end are left for the next tick: {error}");
        }
        let config = Config::from_host().map_err(|error| error.to_string())?;
        service.bootstrap(admin_password(&config))
    }

    fn tick() -> Result<(), String> {
        let service = service().map_err(|error| error.to_string())?;
        let delivered = service.deliver_pending();
        let forgotten = service
            .forget_old_failures()
            .and_then(|()| service.forget_old_devices());
        delivered
            .map(drop)
            .and(forgotten)
            .map_err(|error| error.to_string())
    }
}
