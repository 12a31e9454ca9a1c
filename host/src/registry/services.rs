//! The `[services]` table: all services, callees before their callers.

use super::problem::Collector;
use super::service::{self, Link, ServiceSpec};
use super::table::{TomlTable, type_name};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use toml::de::DeValue;

pub(super) fn read(
    root: &mut TomlTable<'_, '_>,
    folder: &Path,
    problems: &mut Collector<'_>,
) -> Vec<ServiceSpec> {
    let Some(table) = root.table(problems, "services") else {
        if root.get("services").is_none() {
            problems.add(
                0..0,
                "services",
                "there is no service; add one, such as [services.hello] with component = \"hello.wasm\"",
            );
        }
        return Vec::new();
    };
    let mut services = BTreeMap::new();
    let mut spans = BTreeMap::new();
    for (name, span, value) in table.entries() {
        let path = table.path_of(name);
        if let Err(message) = service::check_name(name) {
            problems.add(span.clone(), &path, message);
        }
        let DeValue::Table(entries) = value.get_ref() else {
            let message = format!("must be a table, not {}", type_name(value.get_ref()));
            problems.add(value.span(), &path, message);
            continue;
        };
        let mut table = TomlTable::new(entries, span.clone(), &path);
        spans.insert(name.to_owned(), span);
        if let Some(service) = ServiceSpec::read(name, &mut table, folder, problems) {
            services.insert(name.to_owned(), service);
        }
    }
    check_links(&services, &spans, problems);
    callees_first(services, &spans, problems)
}

/// Each link must lead to a service of the registry.
fn check_links(
    services: &BTreeMap<String, ServiceSpec>,
    spans: &BTreeMap<String, Range<usize>>,
    problems: &mut Collector<'_>,
) {
    for service in services.values() {
        for link in &service.links {
            if !spans.contains_key(&link.service) {
                let names = spans.keys().cloned().collect::<Vec<_>>().join(", ");
                let key = format!("services.{}.links.\"{}\"", service.name, link.import);
                let message = format!(
                    "leads to `{}`, which is no service here; the services are: {names}",
                    link.service
                );
                problems.add(link.span.clone(), &key, message);
            }
        }
    }
}

/// Sorts the services so that each comes after those it links to; a circle is a problem.
fn callees_first(
    mut services: BTreeMap<String, ServiceSpec>,
    spans: &BTreeMap<String, Range<usize>>,
    problems: &mut Collector<'_>,
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
            let names = services.keys().cloned().collect::<Vec<_>>().join(", ");
            for name in services.keys() {
                let span = spans.get(name).cloned().unwrap_or(0..0);
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
