//! An example's README: the registry tables and the commands that it gives.

use std::path::PathBuf;

use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::workspace;
use toml::{Table, Value};

use crate::readme::{blocks, run};

/// The text of an example's README.
fn readme(example: &str) -> String {
    let path = workspace::root().join(format!("examples/{example}/README.md"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A registry with the tables that an example's README adds or replaces.
pub fn added_to(mut registry: Registry, example: &str) -> Registry {
    let tables = blocks(&readme(example), "```toml registry").join("\n");
    let tables: Table = tables.parse().expect("the README's tables are TOML");
    for (name, settings) in tables["services"].as_table().expect("they are services") {
        let mut service = Service::default();
        for (key, value) in settings.as_table().expect("a service is a table") {
            service = match (key.as_str(), value) {
                ("component", Value::String(file)) => service.file(&built(file)),
                _ => service.set(key, value.clone()),
            };
        }
        registry = registry.service(name, service);
    }
    registry
}

/// The bank with the screening of the fraud check's README, and the guest `screens` as the check.
pub fn screened_by(verdict: &str) -> Registry {
    let screens = Service::guest("screens").config("verdict", verdict);
    let registry = added_to(Registry::bank(), "fraud-check");
    registry.service("fraud", screens.limit("timeout", "1s"))
}

/// The absolute path of a component that the README names.
pub fn built(file: &str) -> PathBuf {
    let path = workspace::root().join(file);
    let name = path.display();
    assert!(path.is_file(), "{name} is missing: run examples/build.sh");
    path
}

/// Runs the commands of an example's README at a bank; returns what they print.
pub async fn tour(example: &str, host: &Host) -> String {
    let url = format!("http://{}", host.address());
    let script = blocks(&readme(example), "```sh tour").join("\n");
    let script = script.replace("http://127.0.0.1:8080", &url);
    run(&script, host.folder()).await
}
