//! A screening that returns the verdict of its configuration under `verdict`. The tests put it in
//! the place of the bank's fraud check, to see that no money moves without a verdict.

single::bindings!(Screens, {
    path: ["../../../wit/config", "../../../wit/screening"],
    inline: "
        package tests:screens;
        world screens {
            import wasi:config/store@0.2.0-rc.1;
            export strongroom:screening/screen@0.1.0;
        }
    ",
    world: "tests:screens/screens",
    generate_all,
});

use bindings::exports::strongroom::screening::screen::{self, Guest, Payment, Verdict};
use bindings::wasi::config::store;

struct Screens;

impl Guest for Screens {
    fn check(_: Payment) -> Result<Verdict, screen::Error> {
        let verdict = store::get("verdict").ok().flatten();
        match verdict.as_deref() {
            Some("unavailable") => Err(screen::Error::Unavailable("on demand".to_owned())),
            Some("invalid") => Err(screen::Error::Invalid("id".to_owned())),
            Some("nonsense") => Ok(Verdict::Denied("No rule has this name!".to_owned())),
            Some("hang") => {
                // A test waits for this line in the log.
                println!("the screening hangs");
                single::misbehave("sleep");
                Ok(Verdict::Allowed)
            }
            Some("trap") => panic!("a panic on demand"),
            _ => Ok(Verdict::Allowed),
        }
    }
}

single::server!(_request => Ok(wstd::http::Response::new("fine".into())));
