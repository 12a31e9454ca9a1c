//! `GET /metrics`: the figures of the host, and those that services export, for Prometheus.

use crate::metrics::{Figures, Page};
use crate::runtime::{Metric, MetricKind, Services};
use prometheus::core::Collector as _;
use prometheus::process_collector::ProcessCollector;
use std::sync::Arc;

/// What the names of services' own figures begin with, so that they cannot be taken for the host's.
const OF_SERVICE: &str = "strongroom_service_";

/// The page as text.
///
/// # Errors
/// Why there is none, for operators.
pub(super) async fn page(
    parts: &Arc<[Arc<dyn Figures>]>,
    services: &Services,
) -> Result<String, String> {
    let parts = Arc::clone(parts);
    // It asks the system for sizes of files, which may take a while.
    let page = tokio::task::spawn_blocking(move || of_host(&parts)).await;
    let mut page = page.map_err(|error| error.to_string())?;
    add_services(&mut page, services).await;
    page.text().map_err(|error| error.to_string())
}

fn of_host(parts: &[Arc<dyn Figures>]) -> Page {
    let mut page = Page::default();
    page.gauge(
        "strongroom_build_info",
        "1, with the version of the host.",
        &[("version", env!("CARGO_PKG_VERSION"))],
        1,
    );
    page.take(ProcessCollector::for_self().collect());
    for part in parts {
        part.write_to(&mut page);
    }
    page
}

async fn add_services(page: &mut Page, services: &Services) {
    for (generation, collected) in services.metrics().await {
        let service = &generation.spec.name;
        page.gauge(
            "strongroom_metrics_collected",
            "0 while the service fails to say its own figures, which then are not here.",
            &[("service", service)],
            collected.is_ok().into(),
        );
        match collected {
            Ok(metrics) => metrics.iter().for_each(|metric| add(page, service, metric)),
            Err(reason) => tracing::warn!(service, reason, "the service's figures are left out"),
        }
    }
}

fn add(page: &mut Page, service: &str, metric: &Metric) {
    let name = format!("{OF_SERVICE}{}", metric.name);
    for sample in &metric.samples {
        let own = sample.labels.iter();
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        let labels: Vec<_> = std::iter::once(("service", service)).chain(own).collect();
        match metric.kind {
            MetricKind::Counter => {
                // The runtime leaves out counters below 0.
                page.counter(&name, &metric.help, &labels, sample.value.unsigned_abs());
            }
            MetricKind::Gauge => page.gauge(&name, &metric.help, &labels, sample.value),
        }
    }
}
