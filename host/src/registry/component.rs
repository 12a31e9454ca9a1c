//! The key `component`, of a service and of its canary.

use super::problem::Collector;
use super::table::TomlTable;

/// The key `component` of a table that must have it.
pub(super) fn read_component(
    table: &mut TomlTable<'_, '_>,
    problems: &mut Collector<'_>,
) -> Option<String> {
    let component = table.string(problems, "component", |text| match text {
        "" => Err("must name the component's file".to_owned()),
        text => Ok(text.to_owned()),
    });
    if table.get("component").is_none() {
        let message = "is missing; name the component's file, such as component = \"hello.wasm\"";
        problems.add(table.span(), &table.path_of("component"), message);
    }
    component
}
