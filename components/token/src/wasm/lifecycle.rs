//! The export `strongroom:service/lifecycle`.

use super::Component;
use super::bindings::exports::strongroom::service::lifecycle::Guest;
use super::outside::service;
use crate::{MIGRATIONS, TokenError};
use strongroom_sdk::store::{HostStore, migrate};

impl Guest for Component {
    fn start() -> Result<Vec<String>, String> {
        let service = service().map_err(|error| error.to_string())?;
        migrate(&HostStore, MIGRATIONS).map_err(|error| error.to_string())?;
        service
            .deliver_pending()
            .map_err(|error| error.to_string())?;
        Ok(Vec::new())
    }

    fn tick() -> Result<(), String> {
        let tick = || -> Result<(), TokenError> {
            let service = service().map_err(|error| TokenError::Invalid(error.to_string()))?;
            service.deliver_pending()?;
            service.purge()?;
            Ok(())
        };
        tick().map_err(|error| error.to_string())
    }
}
