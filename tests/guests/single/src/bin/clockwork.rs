//! A component whose `start`, `tick`, and `document` misbehave as its configuration says, and which
//! takes commands.

single::bindings!(Clockwork, {
    path: ["../../../wit/service", "../../../wit/config"],
    inline: "
        package tests:clockwork;
        world clockwork {
            import wasi:config/store@0.2.0-rc.1;
            export strongroom:service/commands@0.1.0;
            export strongroom:service/lifecycle@0.1.0;
            export strongroom:service/openapi@0.1.0;
        }
    ",
    world: "tests:clockwork/clockwork",
    generate_all,
});

use bindings::exports::strongroom::service::commands::Guest as Commands;
use bindings::exports::strongroom::service::lifecycle::Guest;
use bindings::exports::strongroom::service::openapi::Guest as OpenApi;
use bindings::wasi::config::store;

/// Far more bytes than an operator reads.
const LONG_ERROR_BYTES: usize = 4 << 20;

struct Clockwork;

impl Guest for Clockwork {
    fn start() -> Result<Vec<String>, String> {
        println!("start");
        misbehave("start").map(|()| Vec::new())
    }

    fn tick() -> Result<(), String> {
        println!("tick");
        misbehave("tick")
    }
}

impl Commands for Clockwork {
    fn run(name: String, arguments: Vec<String>) -> Result<String, String> {
        match name.as_str() {
            "refuse" => Err(format!("no {}", arguments.join(" "))),
            word => {
                single::misbehave(word);
                Ok(format!("{name} {}", arguments.join(" ")))
            }
        }
    }
}

impl OpenApi for Clockwork {
    /// What the configuration says, unless it says to misbehave.
    fn document() -> String {
        let document = || store::get("document").ok().flatten();
        match misbehave("openapi") {
            Ok(()) => document().unwrap_or_else(|| r#"{"paths":{}}"#.to_owned()),
            Err(text) => text,
        }
    }
}

/// Does what the configuration says under `key`.
fn misbehave(key: &str) -> Result<(), String> {
    let behaviour = store::get(key).ok().flatten().unwrap_or_default();
    if behaviour == "long-error" {
        return Err("x".repeat(LONG_ERROR_BYTES));
    }
    single::misbehave(&behaviour);
    Ok(())
}

single::server!(_request => Ok(wstd::http::Response::new("fine".into())));
