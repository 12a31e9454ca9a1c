//! The key `component`, of a service and of its canary.

use super::table::TomlTable;

/// The path of a component's file, as the registry writes it. It must be there.
pub(super) fn read_component(table: &mut TomlTable<'_, '_>) -> Option<String> {
    let if_missing = "is missing; name the component's file, such as component = \"hello.wasm\"";
    table.require("component", if_missing);
    table.name("component", "must name the component's file")
}
