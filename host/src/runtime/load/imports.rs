//! What a component may import: the ordinary interfaces of WASI, what it was granted, its links,
//! and interfaces with types alone. A component with any other import is refused, by the name of
//! the import.
//!
//! [`check_links`] checks links apart from the linker that defines them, since either side of a
//! link can change alone.

use crate::keys::HasKeys;
use crate::keys::bindings::{api_keys, revocations, signer};
use crate::links;
use crate::registry::{Grant, Link, ServiceSpec};
use crate::runtime::instance::context::Context;
use crate::runtime::instance::restoration;
use crate::runtime::limits::{compute, outbound};
use crate::runtime::problem::LoadProblem;
use crate::runtime::services::callees::Callees;
use crate::store::{self, HasStore};
use std::sync::Arc;
use wasmtime::Engine;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, Linker};

#[cfg(test)]
mod tests;

const SIGNER: &str = "strongroom:keys/signer";
const REVOCATIONS: &str = "strongroom:keys/revocations";
const API_KEYS: &str = "strongroom:keys/api-keys";

/// Makes the linker of one component.
///
/// # Errors
/// Every import that is missing, not granted, or cannot be linked.
pub fn linker(
    spec: &ServiceSpec,
    component: &Component,
    callees: &Arc<Callees>,
    has_wasi_0_3: bool,
    restored_at_ms: Option<i64>,
) -> Result<Linker<Context>, Vec<LoadProblem>> {
    let engine = component.engine();
    let mut linker = Linker::new(engine);
    add_ambient(&mut linker, spec, has_wasi_0_3)
        .and_then(|()| restoration::add_to_linker(&mut linker, restored_at_ms))
        .map_err(|error| vec![LoadProblem::Engine(format!("{error:#}"))])?;
    let mut problems = Vec::new();
    let ty = component.component_type();
    for (import, item) in ty.imports(engine) {
        let link = spec
            .links
            .iter()
            .find(|link| links::names_interface(&link.import, import));
        match (link, &item.ty) {
            (Some(link), ComponentItem::ComponentInstance(instance)) => {
                let callee = callees.service(&link.service);
                let defined =
                    links::define_interface(engine, &mut linker, import, instance, &callee);
                problems.extend(link_problems(import, defined));
            }
            (None, ComponentItem::ComponentInstance(instance)) => {
                if !has_only_types(engine, instance) {
                    problems.extend(check_granted(spec, import));
                }
            }
            _ => problems.push(LoadProblem::UnknownImport {
                import: import.to_owned(),
            }),
        }
    }
    for link in &spec.links {
        let is_imported = ty
            .imports(engine)
            .any(|(import, _)| links::names_interface(&link.import, import));
        if !is_imported {
            // Not an error: a simpler version of a service may need no other service.
            tracing::debug!(
                service = spec.name,
                import = link.import,
                "the component does not import this link"
            );
        }
    }
    if problems.is_empty() {
        Ok(linker)
    } else {
        Err(problems)
    }
}

/// The interfaces that any component of Rust, JavaScript, or Python imports: WASI 0.2 and 0.3 with
/// no files, sockets, or environment behind them, HTTP, configuration, the service's own store,
/// compute permits, what the registry's `outbound` names, and when the data was restored.
fn add_ambient(
    linker: &mut Linker<Context>,
    spec: &ServiceSpec,
    has_wasi_0_3: bool,
) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    outbound::add_wasi_0_2(linker)?;
    if has_wasi_0_3 {
        wasmtime_wasi::p3::add_to_linker(linker)?;
        outbound::add_wasi_0_3(linker)?;
    }
    wasmtime_wasi_config::add_to_linker(linker, Context::config_view)?;
    store::add_to_linker::<_, HasStore>(linker, Context::store_view)?;
    compute::add_to_linker(linker, Context::compute_view)?;
    outbound::add_to_linker(linker, Context::outbound)?;
    if spec.grants.contains(&Grant::Signer) {
        signer::add_to_linker::<_, HasKeys>(linker, Context::keys_view)?;
    }
    if spec.grants.contains(&Grant::Revocations) {
        revocations::add_to_linker::<_, HasKeys>(linker, Context::keys_view)?;
    }
    if spec.grants.contains(&Grant::ApiKeys) {
        api_keys::add_to_linker::<_, HasKeys>(linker, Context::keys_view)?;
    }
    Ok(())
}

/// Whether an interface has only types, such as one that other interfaces `use`. It has nothing to
/// call, so the engine needs no definition.
fn has_only_types(engine: &Engine, interface: &ComponentInstance) -> bool {
    interface
        .exports(engine)
        .all(|(_, item)| matches!(item.ty, ComponentItem::Type(_)))
}

fn check_granted(spec: &ServiceSpec, import: &str) -> Option<LoadProblem> {
    let grant = match import.split('@').next() {
        Some(SIGNER) => Grant::Signer,
        Some(REVOCATIONS) => Grant::Revocations,
        Some(API_KEYS) => Grant::ApiKeys,
        Some(
            "strongroom:store/sql"
            | "strongroom:service/compute"
            | "strongroom:service/outbound"
            | "strongroom:service/restoration",
        ) => return None,
        Some(name) if name.starts_with("wasi:") => return None,
        _ => {
            return Some(LoadProblem::UnknownImport {
                import: import.to_owned(),
            });
        }
    };
    let granted = spec.grants.contains(&grant);
    (!granted).then(|| LoadProblem::NotGranted {
        import: import.to_owned(),
        grant,
    })
}

/// Checks every link of `caller` against the component of its callee, which `callee` finds.
pub fn check_links<'c>(
    spec: &ServiceSpec,
    caller: &Component,
    callee: impl Fn(&str) -> Option<&'c Component>,
) -> Vec<LoadProblem> {
    spec.links
        .iter()
        .flat_map(|link| check_link(link, caller, callee(&link.service)))
        .collect()
}

/// Checks the imports that one link is for.
pub fn check_link(link: &Link, caller: &Component, callee: Option<&Component>) -> Vec<LoadProblem> {
    let mut problems = Vec::new();
    let engine = caller.engine();
    for (import, item) in caller.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            continue;
        };
        if links::names_interface(&link.import, import) {
            problems.extend(check_import(engine, (import, &instance), link, callee));
        }
    }
    problems
}

fn check_import(
    engine: &Engine,
    import: (&str, &ComponentInstance),
    link: &Link,
    callee: Option<&Component>,
) -> Vec<LoadProblem> {
    let (interface, instance) = import;
    let Some(callee) = callee else {
        return vec![LoadProblem::CalleeFailed {
            import: interface.to_owned(),
            callee: link.service.clone(),
        }];
    };
    let exports = callee.component_type();
    let export = exports
        .get_export(callee.engine(), interface)
        .map(|export| export.ty);
    let Some(ComponentItem::ComponentInstance(export)) = export else {
        return vec![LoadProblem::NotExported {
            import: interface.to_owned(),
            callee: link.service.clone(),
        }];
    };
    let checked = links::check_interface(engine, instance, &export, &link.service);
    link_problems(interface, checked)
}

fn link_problems(
    interface: &str,
    outcome: Result<(), Vec<links::LinkProblem>>,
) -> Vec<LoadProblem> {
    let problems = outcome.err().unwrap_or_default().into_iter();
    problems
        .map(|problem| LoadProblem::Link {
            import: interface.to_owned(),
            problem,
        })
        .collect()
}
