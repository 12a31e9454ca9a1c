//! A callee that is a caller too: it calls the next one, and adds its name.

single::bindings!(Relay, {
    path: "wit/quotes-1",
    world: "relay",
});

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
