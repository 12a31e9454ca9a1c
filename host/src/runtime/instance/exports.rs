//! The functions that a component exports.

use crate::links::FunctionName;
use std::collections::HashMap;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex};

/// Every function that a component exports in an interface.
pub struct Exports(HashMap<FunctionName, ComponentExportIndex>);

impl Exports {
    pub fn of(component: &Component) -> Self {
        let mut functions = HashMap::new();
        let (ty, engine) = (component.component_type(), component.engine());
        for (interface, item) in ty.exports(engine) {
            let ComponentItem::ComponentInstance(instance) = item.ty else {
                continue;
            };
            let Some(parent) = component.get_export_index(None, interface) else {
                continue;
            };
            for (name, item) in instance.exports(engine) {
                let ComponentItem::ComponentFunc(_) = item.ty else {
                    continue;
                };
                if let Some(index) = component.get_export_index(Some(&parent), name) {
                    functions.insert(named(interface, name), index);
                }
            }
        }
        Self(functions)
    }

    /// The function of this name, if there is one.
    pub fn get(&self, function: &FunctionName) -> Option<ComponentExportIndex> {
        self.0.get(function).copied()
    }

    /// The function of this name in an interface of the host's own, if there is one.
    pub fn find(&self, interface: &str, function: &str) -> Option<ComponentExportIndex> {
        self.get(&named(interface, function))
    }
}

fn named(interface: &str, function: &str) -> FunctionName {
    FunctionName {
        interface: interface.to_owned(),
        function: function.to_owned(),
    }
}
