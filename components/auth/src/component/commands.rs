//! The export `strongroom:service/commands`.

use super::bindings::exports::strongroom::service::commands::Guest;
use super::{Component, service};

impl Guest for Component {
    fn run(name: String, arguments: Vec<String>) -> Result<String, String> {
        service().run_command(&name, &arguments)
    }
}
