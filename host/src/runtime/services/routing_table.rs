//! Which generations serve now. A change makes a new table, which replaces the old one in one step.

use super::canary::Canary;
use super::generation::Generation;
use super::service::{ServeError, Service};
use http::HeaderMap;
use std::collections::HashMap;
use std::sync::Arc;

/// All services, and what stands behind each.
#[derive(Default, Clone)]
pub struct RoutingTable {
    /// Callees before their callers.
    order: Vec<String>,
    routes: HashMap<String, Route>,
}

/// A service and its generations.
#[derive(Clone)]
pub struct Route {
    /// The name.
    pub service: Arc<Service>,
    /// The generation that serves; none if there never was one.
    pub stable: Option<Arc<Generation>>,
    /// The one that is tried out beside it.
    pub canary: Option<Arc<Canary>>,
}

impl Route {
    /// The generations that serve.
    pub fn generations(&self) -> impl Iterator<Item = &Arc<Generation>> {
        let canary = self.canary.as_ref().map(|canary| canary.generation());
        self.stable.iter().chain(canary)
    }
}

impl RoutingTable {
    /// The route of a service.
    pub fn get(&self, name: &str) -> Option<&Route> {
        self.routes.get(name)
    }

    /// All routes, callees before their callers.
    pub fn routes(&self) -> impl DoubleEndedIterator<Item = &Route> {
        self.order.iter().filter_map(|name| self.routes.get(name))
    }

    pub fn insert(&mut self, route: Route) {
        let name = route.service.name().to_owned();
        if self.routes.insert(name.clone(), route).is_none() {
            self.order.push(name);
        }
    }

    pub fn remove(&mut self, name: &str) -> Option<Route> {
        self.order.retain(|other| other != name);
        self.routes.remove(name)
    }

    pub fn change(&mut self, name: &str, change: impl FnOnce(&mut Route)) {
        if let Some(route) = self.routes.get_mut(name) {
            change(route);
        }
    }

    /// Sorts the services in the order of `names`. A service that is not among them goes last, as
    /// it has no callers.
    pub fn sort_as(&mut self, names: &[&str]) {
        let place = |name: &String| names.iter().position(|other| other == name);
        self.order
            .sort_by_key(|name| place(name).unwrap_or(usize::MAX));
    }
}

impl Route {
    /// The generation that a new request belongs to, from its beginning to its end.
    ///
    /// # Errors
    /// The service does not serve.
    pub fn admit(&self, headers: &HeaderMap) -> Result<Arc<Generation>, ServeError> {
        self.service.count_request();
        self.choose(Some(headers)).ok_or(ServeError::NotServing)
    }

    /// The generation for a request, or for a link call, which has no headers.
    pub fn choose(&self, headers: Option<&HeaderMap>) -> Option<Arc<Generation>> {
        let stable = self.stable.as_ref()?;
        match &self.canary {
            Some(canary) if canary.takes(headers) => Some(Arc::clone(canary.generation())),
            _ => Some(Arc::clone(stable)),
        }
    }
}
