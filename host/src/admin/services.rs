//! `GET /services`.

use crate::runtime::{Service, Services};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[derive(Serialize)]
pub(super) struct ServiceList<'a> {
    services: Vec<ServiceRow<'a>>,
}

#[derive(Serialize)]
struct ServiceRow<'a> {
    name: &'a str,
    route: String,
    component: Option<String>,
    digest: Option<String>,
    wasi: Option<&'static str>,
    generation: u64,
    state: &'static str,
    since: String,
    last_error: Option<String>,
    instances: Instances,
    requests_total: u64,
}

#[derive(Serialize)]
struct Instances {
    live: usize,
    max: usize,
}

impl<'a> ServiceList<'a> {
    pub(super) fn of(services: &'a Services) -> Self {
        Self {
            services: services
                .all()
                .iter()
                .map(|service| ServiceRow::of(service))
                .collect(),
        }
    }
}

impl<'a> ServiceRow<'a> {
    fn of(service: &'a Service) -> Self {
        let status = service.status();
        let generation = service.generation();
        let generation = generation.as_deref();
        let since = OffsetDateTime::from(status.since).format(&Rfc3339);
        Self {
            name: service.name(),
            route: format!("/api/{}", service.name()),
            component: generation.map(|generation| generation.spec().component_as_written.clone()),
            digest: generation.map(|generation| generation.digest().to_string()),
            wasi: generation.map(|generation| generation.wasi()),
            generation: status.generation,
            state: status.state.name(),
            // Only years beyond 9999 cannot be written.
            since: since.unwrap_or_default(),
            last_error: status.last_error,
            instances: Instances {
                live: generation.map_or(0, |generation| generation.instances_live()),
                max: generation.map_or(0, |generation| generation.spec().limits.instances),
            },
            requests_total: service.requests_total(),
        }
    }
}
