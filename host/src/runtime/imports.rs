//! What a component may import: the ordinary interfaces of WASI, what it was granted, and its links. Everything else is refused
//! when it loads, by name.

use super::context::Context;
use super::{LoadProblem, compute};
use crate::keys;
use crate::links::{self, Callee};
use crate::registry::{Grant, ServiceSpec};
use crate::store;
use std::sync::Arc;
use wasmtime::Engine;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, Linker};

const SIGNER: &str = "strongroom:keys/signer";
const REVOCATIONS: &str = "strongroom:keys/revocations";

/// Where a link leads.
pub(super) struct LinkTarget {
    pub(super) service: String,
    pub(super) callee: Arc<dyn Callee>,
    /// The component whose exports are checked against the import; none if it did not load.
    pub(super) component: Option<Component>,
}

/// Makes the linker of one component; `target` finds the services that its links lead to.
///
/// # Errors
/// Every import that is missing, not granted, or does not fit.
pub(super) fn linker(
    engine: &Engine,
    spec: &ServiceSpec,
    component: &Component,
    target: impl Fn(&str) -> Option<LinkTarget>,
) -> Result<Linker<Context>, Vec<LoadProblem>> {
    let mut linker = Linker::new(engine);
    add_ambient(&mut linker, spec)
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
                let Some(target) = target(&link.service) else {
                    problems.push(LoadProblem::CalleeMissing {
                        import: import.to_owned(),
                        callee: link.service.clone(),
                    });
                    continue;
                };
                problems.extend(add_link(engine, &mut linker, (import, instance), &target));
            }
            (None, ComponentItem::ComponentInstance(_)) => {
                problems.extend(check_granted(spec, import))
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
            // Not an error: a simpler version of a service may call nobody.
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

/// The interfaces that any component of Rust, JavaScript, or Python imports: WASI 0.2 and 0.3 with no files, sockets, or
/// environment behind them, HTTP, configuration, the service's own store, and compute permits.
fn add_ambient(linker: &mut Linker<Context>, spec: &ServiceSpec) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi::p3::add_to_linker(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    wasmtime_wasi_http::p3::add_to_linker(linker)?;
    wasmtime_wasi_config::add_to_linker(linker, Context::config_view)?;
    store::add_to_linker(linker, Context::store_view)?;
    compute::add_to_linker(linker, Context::compute_view)?;
    if spec.grants.contains(&Grant::Signer) {
        keys::add_signer_to_linker(linker, Context::keys_view)?;
    }
    if spec.grants.contains(&Grant::Revocations) {
        keys::add_revocations_to_linker(linker, Context::keys_view)?;
    }
    Ok(())
}

fn check_granted(spec: &ServiceSpec, import: &str) -> Option<LoadProblem> {
    let grant = match import.split('@').next() {
        Some(SIGNER) => Grant::Signer,
        Some(REVOCATIONS) => Grant::Revocations,
        Some("strongroom:store/sql" | "strongroom:service/compute") => return None,
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

fn add_link(
    engine: &Engine,
    linker: &mut Linker<Context>,
    import: (&str, &ComponentInstance),
    target: &LinkTarget,
) -> Vec<LoadProblem> {
    let (interface, _) = import;
    let Some(component) = &target.component else {
        return vec![LoadProblem::CalleeFailed {
            import: interface.to_owned(),
            callee: target.service.clone(),
        }];
    };
    let exports = component.component_type();
    let export = exports
        .get_export(engine, interface)
        .map(|export| export.ty);
    let Some(ComponentItem::ComponentInstance(export)) = export else {
        return vec![LoadProblem::NotExported {
            import: interface.to_owned(),
            callee: target.service.clone(),
        }];
    };
    match links::link_interface(
        engine,
        linker,
        import,
        &export,
        &target.service,
        &target.callee,
    ) {
        Ok(()) => Vec::new(),
        Err(problems) => problems
            .into_iter()
            .map(|problem| LoadProblem::Link {
                import: interface.to_owned(),
                problem,
            })
            .collect(),
    }
}
