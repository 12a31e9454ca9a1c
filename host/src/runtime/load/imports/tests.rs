//! Goal: imports are satisfied by links and types, or refused by name; types agree on both sides.

use super::{check_links, linker};
use crate::registry::ServiceSpec;
use crate::runtime::LoadProblem;
use crate::runtime::services::callees::Callees;
use wasmtime::Engine;
use wasmtime::component::Component;

fn component(engine: &Engine, wat: &str) -> Component {
    Component::new(engine, wat::parse_str(wat).unwrap()).unwrap()
}

/// A service without links, and one that calls accounts.
fn specs() -> [ServiceSpec; 2] {
    let plain = r#"component = "g.wasm""#;
    let linked = format!("{plain}\nlinks = {{ \"bank:books/ledger\" = \"callee\" }}");
    [plain, &linked].map(ServiceSpec::of_table)
}

/// The import of an interface of types, and its one type.
const TYPES: &str = r#"
    (import "bank:books/types" (instance $types
        (type $declared (variant (case "unavailable" string)))
        (export "failure" (type (eq $declared)))))
    (alias export $types "failure" (type $failure))
"#;

/// Imports a ledger, and exports one.
fn gate(engine: &Engine) -> Component {
    let import = r#"
        (import "bank:books/ledger" (instance
            (alias outer 1 $failure (type $used))
            (export "failure" (type $failure (eq $used)))
            (type $posted (result string (error $failure)))
            (export "post" (func (param "amount" s64) (result $posted)))))
    "#;
    ledger(engine, import, "s64")
}

/// Exports a ledger whose amounts are of this type.
fn ledger(engine: &Engine, import: &str, amount: &str) -> Component {
    let wat = format!(
        r#"(component {TYPES} {import}
            (core module $code
                (memory (export "memory") 1)
                (func (export "post") (param i64) (result i32) unreachable))
            (core instance $code (instantiate $code))
            (type $posted (result string (error $failure)))
            (func $post (param "amount" {amount}) (result $posted)
                (canon lift (core func $code "post") (memory (core memory $code "memory"))))
            (instance $ledger
                (export "failure" (type $failure))
                (export "post" (func $post)))
            (export "bank:books/ledger" (instance $ledger)))"#
    );
    component(engine, &wat)
}

/// The imports that keep a component out, where no other problem does.
fn unknown_imports(spec: &ServiceSpec, component: &Component) -> Vec<String> {
    let linked = linker(spec, component, &Callees::none(), true, None);
    let problems = linked.err().unwrap_or_default().into_iter();
    let names = problems.map(|problem| match problem {
        LoadProblem::UnknownImport { import } => import,
        other => panic!("{other}"),
    });
    names.collect()
}

fn assert_is_linked(spec: &ServiceSpec, component: &Component) {
    let linker = linker(spec, component, &Callees::none(), true, None);
    assert!(linker.is_ok_and(|linker| linker.instantiate_pre(component).is_ok()));
}

#[test]
fn an_import_of_types_alone_needs_no_link_and_one_with_more_is_refused_by_name() {
    let engine = Engine::default();
    let [plain, _] = specs();
    assert_is_linked(&plain, &component(&engine, &format!("(component {TYPES})")));
    for interface in [
        r#"(export "post" (func))"#,
        r#"(export "book" (type (sub resource)))"#,
        r#"(type $t (enum "a")) (export "kind" (type (eq $t))) (export "post" (func))"#,
    ] {
        let wat = format!(r#"(component (import "bank:books/extra" (instance {interface})))"#);
        let component = component(&engine, &wat);
        let unknown = unknown_imports(&plain, &component);
        assert_eq!(unknown, ["bank:books/extra"], "{interface}");
    }
}

#[test]
fn a_component_that_exports_what_it_imports_is_linked_on_both_sides_and_to_no_other_build() {
    let engine = Engine::default();
    let gate = gate(&engine);
    let [accounts, other] = ["s64", "u64"].map(|amount| ledger(&engine, "", amount));
    let [plain, linked] = specs();
    assert_eq!(unknown_imports(&plain, &gate), ["bank:books/ledger"]);
    assert_is_linked(&linked, &gate);
    // It calls accounts, and another gate calls it.
    for callee in [&accounts, &gate] {
        let problems = check_links(&linked, &gate, |_| Some(callee));
        assert!(problems.is_empty(), "{problems:?}");
    }
    let problems = check_links(&linked, &gate, |_| Some(&other));
    let [LoadProblem::Link { import, .. }] = problems.as_slice() else {
        panic!("{problems:?}")
    };
    assert_eq!(import, "bank:books/ledger");
}
