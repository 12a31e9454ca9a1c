//! The key `component`, of a service and of its canary.

use super::table::TomlTable;
use crate::builtin;
use std::path::{Path, PathBuf};

/// The path of a component's file, as the registry writes it. It must be there.
pub(super) fn read_component(table: &mut TomlTable<'_, '_>) -> Option<String> {
    let if_missing = "is missing; name the component's file, such as component = \"hello.wasm\"";
    table.require("component", if_missing);
    table.name("component", "must name the component's file")
}

/// The component's file: inside the binary, or relative to the folder of the registry.
pub(super) fn file_of(component_as_written: &str, folder: &Path) -> PathBuf {
    let path = Path::new(component_as_written);
    if builtin::is_builtin(path) {
        path.to_owned()
    } else {
        folder.join(path)
    }
}
