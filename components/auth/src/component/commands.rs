//! The export `strongroom:service/commands`.

use super::Component;
use super::bindings::exports::strongroom::service::commands::Guest;
use super::env::service;

impl Guest for Component {
    fn run(name: String, arguments: Vec<String>) -> Result<String, String> {
        let service = service().map_err(|error| error.to_string())?;
        service.run_command(&name, &arguments)
    }
}
