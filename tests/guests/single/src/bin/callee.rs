//! The far end of a link: misbehaves as the call says. The tests use it to see that a fault reaches
//! the caller as a value, and no other service.

single::bindings!(Callee, {
    path: ["../../../wit/store", "../wit"],
    world: "tests:echo/callee",
    generate_all,
});

use bindings::exports::tests::echo::echo::Guest;

/// More bytes than one call may copy into the host.
const HUGE_ANSWER_BYTES: usize = 32 << 20;

struct Callee;

impl Guest for Callee {
    fn act(behaviour: String) -> Result<String, String> {
        match behaviour.as_str() {
            "count" => Ok(single::count().to_string()),
            "huge" => Ok("x".repeat(HUGE_ANSWER_BYTES)),
            word => {
                single::misbehave(word);
                Ok(behaviour)
            }
        }
    }
}

single::server!(_request => Ok(wstd::http::Response::new("fine".into())));
