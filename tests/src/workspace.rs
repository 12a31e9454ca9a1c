//! Where the things under test are.

use std::env;
use std::path::{Path, PathBuf};

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the workspace")
}

/// The binary under test: `$STRONGROOM_BIN`, or the release build of this workspace.
pub fn binary() -> PathBuf {
    let usual = || root().join("target/release/strongroom");
    built(env::var_os("STRONGROOM_BIN").map_or_else(usual, PathBuf::from))
}

/// The host in which what a plan says goes wrong. Otherwise it is the same.
pub fn faulty_binary() -> PathBuf {
    built(root().join("target/release/strongroom-faulty"))
}

/// One of the bank's components: `auth`, `token`, `account`, `transaction`, `webhook`.
pub fn component(name: &str) -> PathBuf {
    built(components().join(format!("{name}.wasm")))
}

/// The same component, built by plain `cargo build --target wasm32-wasip2`.
pub fn plain_component(name: &str) -> PathBuf {
    built(components().join(format!("plain/{name}.wasm")))
}

/// One of the components of `tests/guests`: `hello`, `hostile`.
pub fn guest(name: &str) -> PathBuf {
    built(components().join(format!("test-guests/{name}.wasm")))
}

/// Whether a component imports or exports an interface: it has the name as plain text.
pub fn names_interface(component: &Path, interface: &str) -> bool {
    let bytes = std::fs::read(component).expect("a component can be read");
    let mut parts = bytes.windows(interface.len());
    parts.any(|part| part == interface.as_bytes())
}

pub fn schema(name: &str) -> PathBuf {
    root().join("tests/schemas").join(name)
}

fn components() -> PathBuf {
    root().join("target/components")
}

fn built(file: PathBuf) -> PathBuf {
    let name = file.display();
    assert!(file.is_file(), "{name} is missing: run ./build.sh test");
    file
}

/// Compiled code that all tests share, so that each component is compiled once.
pub fn compiled_code_cache() -> PathBuf {
    root().join("target/test-cache")
}
