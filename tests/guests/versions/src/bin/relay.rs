//! A callee that is a caller too: it calls the next one, and adds its name.

#[expect(
    unsafe_code,
    reason = "the component model's exports are C functions, which wit-bindgen writes"
)]
mod bindings {
    use super::Relay;

    wit_bindgen::generate!({
        path: "wit/quotes-1",
        world: "relay",
    });

    export!(Relay with_types_in self);
}

use bindings::exports::tests::quotes::quotes::Guest;
use bindings::tests::quotes::quotes;

struct Relay;

impl Guest for Relay {
    fn quote(gate: String) -> Result<String, String> {
        let version = quotes::quote(&gate)?;
        Ok(format!("relay {version}"))
    }
}

versions::version!();
