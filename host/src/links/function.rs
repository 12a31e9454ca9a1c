//! Satisfies an imported interface with another service's export, function by function.

use super::failure::FailureCase;
use super::plain::first_bound_to_a_store;
use super::{CallError, Callee};
use crate::telemetry::CurrentRequest;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::Engine;
use wasmtime::component::Linker;
use wasmtime::component::types::{ComponentFunc, ComponentInstance, ComponentItem};

/// The full name of an exported function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FunctionName {
    /// The interface with its version, such as `strongroom:token/issuer@0.1.0`.
    pub interface: String,
    /// The function, such as `issue`.
    pub function: String,
}

/// Why an interface cannot be linked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkProblem {
    /// The callee's component lacks the function.
    #[error("`{callee}` does not export the function `{function}`")]
    Missing {
        /// The callee's service.
        callee: String,
        /// The function.
        function: String,
    },
    /// Both sides have the function, with different types.
    #[error(
        "the function `{function}` of `{callee}` has other parameters or another result than the import; build both against the same WIT"
    )]
    TypeMismatch {
        /// The callee's service.
        callee: String,
        /// The function.
        function: String,
    },
    /// A parameter or the result cannot be copied from one store to another.
    #[error("the function `{function}` has {what} in its type; only plain values can cross a link")]
    NotPlain {
        /// The function.
        function: String,
        /// What cannot cross.
        what: &'static str,
    },
    /// The result cannot say that the call failed.
    #[error(
        "the function `{function}` must return `result<_, E>` where E is `string`, or has a case `unavailable` with a string or nothing"
    )]
    NoFailureCase {
        /// The function.
        function: String,
    },
    /// The interface has an item that is neither a function nor a type.
    #[error("the interface has `{item}`, which is not a function of plain values")]
    NotAFunction {
        /// The item's name.
        item: String,
    },
}

/// What a link needs to know of the calling instance.
pub trait LinkView {
    /// Whether the instance has a write transaction open.
    fn is_writing(&self) -> bool;
    /// Notes that a link call has ended after `waited`. Returns whether a failure may be logged.
    fn link_call_ended(&mut self, waited: Duration, has_failed: bool) -> bool;
}

/// Checks that `export` has every function of the imported interface, of the same type.
///
/// # Errors
/// Each function that does not fit.
pub fn check_interface(
    engine: &Engine,
    import: &ComponentInstance,
    export: &ComponentInstance,
    callee: &str,
) -> Result<(), Vec<LinkProblem>> {
    let mut problems = Vec::new();
    for (name, item) in import.exports(engine) {
        let ComponentItem::ComponentFunc(wanted) = item.ty else {
            continue;
        };
        let offered = export.get_export(engine, name).map(|export| export.ty);
        problems.extend(compare(name, callee, &wanted, offered.as_ref()));
    }
    none_or(problems)
}

fn compare(
    function: &str,
    callee: &str,
    wanted: &ComponentFunc,
    offered: Option<&ComponentItem>,
) -> Option<LinkProblem> {
    let Some(ComponentItem::ComponentFunc(offered)) = offered else {
        return Some(LinkProblem::Missing {
            callee: callee.to_owned(),
            function: function.to_owned(),
        });
    };
    let same_parameters = wanted
        .params()
        .map(|(_, ty)| ty)
        .eq(offered.params().map(|(_, ty)| ty));
    let is_same = same_parameters && wanted.results().eq(offered.results());
    (!is_same).then(|| LinkProblem::TypeMismatch {
        callee: callee.to_owned(),
        function: function.to_owned(),
    })
}

/// Defines every function of the imported interface in `linker`, as calls to `callee`.
///
/// # Errors
/// Each item that no callee could satisfy; then the linker is not to be used.
pub fn define_interface<T: LinkView + Send + 'static>(
    engine: &Engine,
    linker: &mut Linker<T>,
    interface: &str,
    import: &ComponentInstance,
    callee: &Arc<dyn Callee>,
) -> Result<(), Vec<LinkProblem>> {
    let mut problems = Vec::new();
    for (name, item) in import.exports(engine) {
        let defined = match item.ty {
            ComponentItem::ComponentFunc(wanted) => failure_case(name, &wanted)
                .and_then(|failure| define(linker, interface, name, failure, callee)),
            ComponentItem::Type(_) => Ok(()),
            _ => Err(not_a_function(name)),
        };
        problems.extend(defined.err());
    }
    none_or(problems)
}

fn none_or(problems: Vec<LinkProblem>) -> Result<(), Vec<LinkProblem>> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

fn not_a_function(item: &str) -> LinkProblem {
    LinkProblem::NotAFunction {
        item: item.to_owned(),
    }
}

/// Where the function's result can carry a failure; all its types must be plain.
fn failure_case(function: &str, wanted: &ComponentFunc) -> Result<FailureCase, LinkProblem> {
    let mut types = wanted.params().map(|(_, ty)| ty).chain(wanted.results());
    if let Some(what) = types.find_map(|ty| first_bound_to_a_store(&ty)) {
        return Err(LinkProblem::NotPlain {
            function: function.to_owned(),
            what,
        });
    }
    wanted
        .results()
        .next()
        .and_then(|result| FailureCase::find(&result))
        .ok_or_else(|| LinkProblem::NoFailureCase {
            function: function.to_owned(),
        })
}

fn define<T: LinkView + Send + 'static>(
    linker: &mut Linker<T>,
    interface: &str,
    function: &str,
    failure: FailureCase,
    callee: &Arc<dyn Callee>,
) -> Result<(), LinkProblem> {
    let target = Arc::new(FunctionName {
        interface: interface.to_owned(),
        function: function.to_owned(),
    });
    let called: Arc<str> = format!("{interface}#{function}").into();
    let callee = Arc::clone(callee);
    let mut instance = linker
        .instance(interface)
        .map_err(|_| not_a_function(function))?;
    let defined = instance.func_new_async(function, move |mut store, _, parameters, results| {
        let callee = Arc::clone(&callee);
        let target = Arc::clone(&target);
        let called = Arc::clone(&called);
        Box::new(async move {
            let begun = Instant::now();
            let span = CurrentRequest::begin_link_call(callee.service(), &called);
            let outcome = if store.data().is_writing() {
                Err(CallError::Writing)
            } else {
                CurrentRequest::within(span.as_ref(), callee.call(&target, parameters)).await
            };
            let has_failed = outcome.is_err();
            let took = begun.elapsed();
            if let Some(span) = span {
                span.end(outcome.as_ref().err().map(|error| error.code()));
            }
            let reason = outcome.as_ref().err().map(ToString::to_string);
            CurrentRequest::note_link_call(callee.service(), &called, took, reason);
            let is_logged = store.data_mut().link_call_ended(took, has_failed);
            results[0] = outcome.unwrap_or_else(|error| {
                if is_logged {
                    let (interface, function) = (&target.interface, &target.function);
                    tracing::warn!(
                        callee = %callee.service(),
                        interface,
                        function,
                        request_id = CurrentRequest::get().id(),
                        %error,
                        "a link call failed"
                    );
                }
                failure.value(error)
            });
            Ok(())
        })
    });
    defined.map_err(|_| not_a_function(function))
}

/// Whether the registry's name for an interface, with or without version, means the imported one.
pub fn names_interface(named: &str, interface: &str) -> bool {
    named == interface
        || interface
            .split_once('@')
            .is_some_and(|(name, _)| name == named)
}
