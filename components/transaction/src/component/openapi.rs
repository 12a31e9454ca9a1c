//! `strongroom:service/openapi`.

use super::Component;
use super::bindings::exports::strongroom::service::openapi::Guest;
use crate::openapi::document;

impl Guest for Component {
    fn document() -> String {
        document()
    }
}
