//! `GET /services`.

use crate::runtime::{Canary, Route, Service};
use crate::swap::{Record, Swapper};
use crate::wall_clock::rfc3339;
use serde::Serialize;
use std::sync::Arc;

/// How many changes of a service are listed with it; `/services/history` has more.
const CHANGES_LISTED: usize = 5;

#[derive(Serialize)]
pub(super) struct ServiceList {
    registry: RegistryRow,
    clock: ClockRow,
    services: Vec<ServiceRow>,
}

#[derive(Serialize)]
struct RegistryRow {
    file: String,
    taken_at: String,
    last_error: Option<String>,
}

#[derive(Serialize)]
struct ClockRow {
    trusted: bool,
    /// Why the clock is not trusted.
    reason: Option<String>,
}

#[derive(Serialize)]
struct ServiceRow {
    name: String,
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
    canary: Option<CanaryRow>,
    /// The latest changes, the newest first.
    changes: Vec<Record>,
}

#[derive(Serialize)]
struct Instances {
    live: usize,
    max: usize,
}

#[derive(Serialize)]
struct CanaryRow {
    component: String,
    digest: String,
    /// The canary's part of the requests, in percent.
    weight: u8,
    header: Option<String>,
    requests_total: u64,
    failures_total: u64,
    p95_us: u128,
}

impl ServiceList {
    pub(super) fn of(swapper: &Swapper) -> Self {
        let services = swapper.services();
        let table = services.routing_table();
        let mut rows: Vec<_> = table
            .routes()
            .map(|route| ServiceRow::of(route, swapper))
            .collect();
        let leaving = services.leaving();
        rows.extend(
            leaving
                .iter()
                .map(|service| ServiceRow::of_leaving(service, swapper)),
        );
        let status = swapper.registry_status();
        let distrust = services.clock().distrust();
        Self {
            registry: RegistryRow {
                file: swapper.file().display().to_string(),
                taken_at: rfc3339::of(status.taken_at),
                last_error: status.last_error,
            },
            clock: ClockRow {
                trusted: distrust.is_none(),
                reason: distrust.map(|reason| reason.advice()),
            },
            services: rows,
        }
    }
}

impl ServiceRow {
    fn of(route: &Route, swapper: &Swapper) -> Self {
        let mut row = Self::of_leaving(&route.service, swapper);
        let canary = route.canary.as_deref();
        if let Some(stable) = &route.stable {
            row.component = Some(stable.spec.component_as_written.clone());
            row.digest = Some(stable.digest.to_string());
            row.wasi = Some(stable.wasi);
            let live_in_canary = canary.map_or(0, |canary| canary.generation().instances_live());
            row.instances = Instances {
                live: stable.instances_live() + live_in_canary,
                max: stable.spec.limits.instances,
            };
        }
        row.canary = canary.map(CanaryRow::of);
        row
    }

    /// A service without its generations.
    fn of_leaving(service: &Arc<Service>, swapper: &Swapper) -> Self {
        let status = service.status();
        Self {
            name: service.name().to_owned(),
            route: format!("/api/{}", service.name()),
            component: None,
            digest: None,
            wasi: None,
            generation: status.generation,
            state: status.state.name(),
            since: rfc3339::of(status.since),
            last_error: status.last_error,
            instances: Instances { live: 0, max: 0 },
            requests_total: service.requests_total(),
            canary: None,
            changes: swapper.latest(Some(service.name()), CHANGES_LISTED),
        }
    }
}

impl CanaryRow {
    fn of(canary: &Canary) -> Self {
        let generation = canary.generation();
        let snapshot = generation.snapshot();
        let header = canary.spec().header.as_ref();
        Self {
            component: generation.spec.component_as_written.clone(),
            digest: generation.digest.to_string(),
            weight: canary.spec().weight,
            header: header.map(|(name, value)| {
                format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
            }),
            requests_total: snapshot.requests,
            failures_total: snapshot.failures,
            p95_us: if snapshot.requests == 0 {
                0
            } else {
                snapshot.p95().as_micros()
            },
        }
    }
}
