//! The `[services]` table: all services, callees before their callers.

use super::problem::Collector;
use super::service::{self, Link, ServiceSpec};
use super::table::TomlTable;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

/// Reads all services that can be understood.
pub(super) fn read(root: &mut TomlTable<'_, '_>, folder: &Path) -> Vec<ServiceSpec> {
    let if_missing = "there is no service; \
                      add one, such as [services.hello] with component = \"hello.wasm\"";
    if root.get("services").is_none() {
        root.problem(0..0, "services", if_missing);
    }
    let Some(table) = root.table("services") else {
        return Vec::new();
    };
    let mut services = BTreeMap::new();
    let mut spans = BTreeMap::new();
    for entry in table.entries() {
        let name = entry.key;
        if let Err(message) = service::check_name(name) {
            table.problem(entry.span.clone(), name, message);
        }
        let Some(table) = table.table_of(name, entry.value, entry.span.clone()) else {
            continue;
        };
        spans.insert(name.to_owned(), entry.span);
        if let Some(service) = ServiceSpec::read(name, table, folder) {
            services.insert(name.to_owned(), service);
        }
    }
    check_links(&services, &spans, table.problems());
    callees_first(services, table.problems())
}

/// Each link must lead to a service of the registry.
fn check_links(
    services: &BTreeMap<String, ServiceSpec>,
    spans: &BTreeMap<String, Range<usize>>,
    problems: &Collector<'_>,
) {
    for service in services.values() {
        for link in &service.links {
            if !spans.contains_key(&link.service) {
                let names = spans.keys().cloned().collect::<Vec<_>>().join(", ");
                let key = format!("services.{}.links.\"{}\"", service.name, link.import);
                let message = format!(
                    "leads to `{}`, which is not a service here; the services are: {names}",
                    link.service
                );
                problems.add(link.span.clone(), &key, message);
            }
        }
    }
}

/// Sorts the services so that each comes after those that it links to; a circle is a problem.
fn callees_first(
    mut services: BTreeMap<String, ServiceSpec>,
    problems: &Collector<'_>,
) -> Vec<ServiceSpec> {
    let mut sorted = Vec::with_capacity(services.len());
    let mut done = BTreeSet::new();
    while !services.is_empty() {
        let ready = services
            .values()
            .find(|service| {
                let leads_to_done = |link: &Link| {
                    done.contains(&link.service) || !services.contains_key(&link.service)
                };
                service.links.iter().all(leads_to_done)
            })
            .map(|service| service.name.clone());
        let Some(name) = ready else {
            let circles = in_circles(&services);
            let names = circles.keys().copied().collect::<Vec<_>>().join(", ");
            for service in circles.values() {
                let leads_on = |link: &&Link| circles.contains_key(&*link.service);
                let Some(link) = service.links.iter().find(leads_on) else {
                    continue;
                };
                let (name, span) = (&service.name, link.span.clone());
                let message = format!("links in a circle; remove one of the links among: {names}");
                problems.add(span, &format!("services.{name}.links"), message);
            }
            sorted.extend(std::mem::take(&mut services).into_values());
            break;
        };
        if let Some(service) = services.remove(&name) {
            done.insert(name);
            sorted.push(service);
        }
    }
    sorted
}

/// Of services that all lead to circles, those that are in one, or between two.
fn in_circles(services: &BTreeMap<String, ServiceSpec>) -> BTreeMap<&str, &ServiceSpec> {
    let named = |(name, service)| (String::as_str(name), service);
    let mut circles: BTreeMap<_, &ServiceSpec> = services.iter().map(named).collect();
    loop {
        let before = circles.len();
        let links = circles.values().flat_map(|service| &service.links);
        let called: BTreeSet<_> = links.map(|link| &*link.service).collect();
        circles.retain(|name, _| called.contains(name));
        if circles.len() == before {
            return circles;
        }
    }
}
