//! The export `strongroom:service/lifecycle`.

use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::{Component, configure, service};
use crate::{MIGRATIONS, admin_password, check_admin_password};
use strongroom_sdk::config::{Config, ConfigError};
use strongroom_sdk::store::{HostStore, migrate};

impl Guest for Component {
    /// Refuses a wrong configuration, migrates the store, and makes the first administrator.
    fn start() -> Result<Vec<String>, String> {
        let config = Config::from_host().map_err(|error| error.to_string())?;
        let password = admin_password(&config);
        let service = configure(&config).map_err(|error| all_problems(&error, password))?;
        migrate(&HostStore, MIGRATIONS).map_err(|error| error.to_string())?;
        // The token service may start later: then the first tick that can delivers these.
        if let Err(error) = service.deliver_pending() {
            eprintln!("the next tick delivers what others must learn of changes: {error}");
        }
        service.bootstrap(password)
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

/// What is wrong with the settings, and with the password: the operator corrects both at once.
fn all_problems(settings: &ConfigError, password: Option<&str>) -> String {
    let of_password = password.and_then(|password| check_admin_password(password).err());
    let problems = [Some(settings.to_string()), of_password];
    problems
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n")
}
