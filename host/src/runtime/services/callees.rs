//! How a generation reaches the services that it links to.
//!
//! A link follows its callee from generation to generation. While a change is under way, each side
//! keeps to its own: a new generation calls the new ones that it was checked with, before they
//! serve; a replaced one goes on calling those that it was checked with. So no request sees a
//! half-made change, even if several services change at once.

use super::generation::Generation;
use super::routing_table::RoutingTable;
use crate::links::{CallError, Callee, FunctionName};
use arc_swap::{ArcSwap, ArcSwapOption};
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::sync::Arc;
use wasmtime::component::Val;

/// Generations by the names of their services.
pub type Pins = HashMap<String, Arc<Generation>>;

/// The callees of one generation.
pub struct Callees {
    table: Arc<ArcSwap<RoutingTable>>,
    pinned: ArcSwapOption<Pins>,
}

impl Callees {
    /// Callees that are found in this table as it changes.
    pub fn in_table(table: Arc<ArcSwap<RoutingTable>>) -> Arc<Self> {
        Arc::new(Self {
            table,
            pinned: ArcSwapOption::empty(),
        })
    }

    /// No callees, for components that do not serve: every call fails, as the service does not
    /// serve.
    pub fn none() -> Arc<Self> {
        Self::in_table(Arc::default())
    }

    /// Keeps to these generations; services that are not among them are followed.
    pub fn pin(&self, pins: Pins) {
        self.pinned.store(Some(Arc::new(pins)));
    }

    /// Follows all callees.
    pub fn unpin(&self) {
        self.pinned.store(None);
    }

    /// The service of a link.
    pub fn service(self: &Arc<Self>, name: &str) -> Arc<dyn Callee> {
        Arc::new(LinkedService {
            callees: Arc::clone(self),
            name: name.into(),
        })
    }

    fn find(&self, name: &str) -> Option<Arc<Generation>> {
        if let Some(pinned) = self.find_pinned(name) {
            return Some(pinned);
        }
        let followed = self.table.load().get(name)?.choose(None);
        // A switch pins the old generations before it stores the routing table, so this thread,
        // which has seen the new table, sees the pin.
        self.find_pinned(name).or(followed)
    }

    fn find_pinned(&self, name: &str) -> Option<Arc<Generation>> {
        let pinned = self.pinned.load();
        pinned.as_ref()?.get(name).cloned()
    }
}

struct LinkedService {
    callees: Arc<Callees>,
    name: Arc<str>,
}

impl Callee for LinkedService {
    fn service(&self) -> &Arc<str> {
        &self.name
    }

    fn call<'a>(
        &'a self,
        function: &'a FunctionName,
        parameters: &'a [Val],
    ) -> BoxFuture<'a, Result<Val, CallError>> {
        Box::pin(async move {
            let generation = self.callees.find(&self.name).ok_or(CallError::NotServing)?;
            generation.call(function, parameters).await
        })
    }
}
