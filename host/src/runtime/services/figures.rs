//! The figures of the services.

use super::generation::Generation;
use super::routing_table::Route;
use super::running::Services;
use super::service::ServiceState;
use crate::metrics::{Figures, Page};

impl Figures for Services {
    fn write_to(&self, page: &mut Page) {
        let clock_is_trusted = self.clock().is_trusted();
        page.gauge(
            "strongroom_ready",
            "1 while every service serves and the clock is trusted.",
            &[],
            (clock_is_trusted && self.unready().is_none()).into(),
        );
        page.gauge(
            "strongroom_clock_trusted",
            "0 while the machine's clock is not trusted: nothing is written then.",
            &[],
            clock_is_trusted.into(),
        );
        for route in self.routing_table().routes() {
            write_route(page, route);
        }
    }
}

fn write_route(page: &mut Page, route: &Route) {
    let service = &route.service;
    service.figures().write_to(page, service.name());
    let labels = &[("service", service.name())];
    let status = service.status();
    page.gauge(
        "strongroom_serving",
        "1 while the service serves.",
        labels,
        (status.state == ServiceState::Serving).into(),
    );
    page.gauge(
        "strongroom_change_refused",
        "1 while the latest change of the service is refused; /services has the reason.",
        labels,
        status.last_error.is_some().into(),
    );
    page.gauge(
        "strongroom_canary",
        "1 while a canary gets a share of the requests.",
        labels,
        route.canary.is_some().into(),
    );
    let sum = |count: fn(&Generation) -> usize| -> usize {
        let generations = route.generations();
        generations.map(|generation| count(generation)).sum()
    };
    page.number(
        "strongroom_instances",
        "Instances that live.",
        labels,
        sum(|generation| generation.instances_live()),
    );
    page.number(
        "strongroom_requests_running",
        "Requests that run in an instance.",
        labels,
        sum(|generation| generation.slots.requests.taken()),
    );
    page.number(
        "strongroom_requests_waiting",
        "Requests that wait for an instance.",
        labels,
        sum(|generation| generation.slots.requests.waiting()),
    );
    if let Some(stable) = &route.stable {
        let limits = &stable.spec.limits;
        page.number(
            "strongroom_instances_max",
            "How many requests of the service may run.",
            labels,
            limits.instances,
        );
        page.number(
            "strongroom_requests_waiting_max",
            "How many requests of the service may wait.",
            labels,
            limits.queue,
        );
        if let Some(store) = stable.pool.store() {
            store.write_to(page, service.name());
        }
    }
}
