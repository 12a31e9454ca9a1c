//! `strongroom:service/metrics`: figures of a service, in its own words.
//!
//! A reader of `/metrics` needs names and labels that fit their database, and a service may return
//! anything. So it is checked here.

mod check;

use super::generation::Generation;
use super::running::Services;
use crate::runtime::instance::failure::CallFailure;
use crate::runtime::limits::call_times::CallTimes;
use crate::runtime::limits::guest_log::cut;
use crate::store::StoreTimes;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::{ComponentType, Lift};

/// The interface, as components export it.
const METRICS: &str = "strongroom:service/metrics@0.1.0";
/// Its one function.
const METRICS_FUNCTION: &str = "collect";
/// How long a service may take. Who reads the metrics waits for the slowest service.
const COLLECT_TIME_MAX: Duration = Duration::from_secs(1);

/// Whether a value can go down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
pub enum MetricKind {
    /// It only grows.
    #[component(name = "counter")]
    Counter,
    /// It goes up and down.
    #[component(name = "gauge")]
    Gauge,
}

/// A value, and what sets it apart from the metric's other values.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift)]
#[component(record)]
pub struct MetricSample {
    /// Names with values.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: i64,
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift)]
#[component(record)]
pub struct Metric {
    /// The name, without the host's prefix.
    pub name: String,
    /// What it is, in a line.
    pub help: String,
    /// Whether it can go down.
    pub kind: MetricKind,
    /// Its values.
    pub samples: Vec<MetricSample>,
}

/// A service's own figures, or why there are none.
pub type Collected = Result<Vec<Metric>, String>;

impl Services {
    /// The figures of each service that exports any. All are asked at the same time: a slow one
    /// takes no longer than itself.
    pub async fn metrics(&self) -> Vec<(Arc<Generation>, Collected)> {
        let generations: Vec<_> = {
            let table = self.routing_table();
            let stable = table.routes().filter_map(|route| route.stable.clone());
            stable.collect()
        };
        let asked = generations.iter().map(|generation| generation.metrics());
        let collected = futures::future::join_all(asked).await;
        let pairs = generations.into_iter().zip(collected);
        pairs
            .filter_map(|(generation, collected)| Some((generation, collected?)))
            .collect()
    }
}

impl Generation {
    /// The service's own figures; none if it exports no such interface. What is not well formed is
    /// left out, and the log says so once.
    ///
    /// The call takes no slot of requests, and there is one at a time: those who read the metrics
    /// at once do not make an instance each.
    ///
    /// # Errors
    /// The component's own words, or why it could not say any within a second.
    pub async fn metrics(&self) -> Option<Collected> {
        let function = self.exports.find(METRICS, METRICS_FUNCTION)?;
        let collected = tokio::time::timeout(COLLECT_TIME_MAX, async {
            let _turn = self.collecting.lock().await;
            let answer: Result<Result<Vec<Metric>, String>, CallFailure> = self
                .pool
                .call_typed(function, (), self.times_to_collect())
                .await;
            answer
        });
        Some(match collected.await {
            Err(_) => Err("it took more than a second".to_owned()),
            Ok(Err(failure)) => Err(failure.cause),
            Ok(Ok(Err(reason))) => Err(cut(reason)),
            Ok(Ok(Ok(metrics))) => Ok(self.well_formed(metrics)),
        })
    }

    fn times_to_collect(&self) -> CallTimes {
        let usual = CallTimes::of_calls(&self.spec.limits);
        let at_most = |time: Duration| time.min(COLLECT_TIME_MAX);
        CallTimes {
            wall: at_most(usual.wall),
            cpu: at_most(usual.cpu),
            store: StoreTimes {
                write_turn: at_most(usual.store.write_turn),
                read: at_most(usual.store.read),
            },
        }
    }

    fn well_formed(&self, metrics: Vec<Metric>) -> Vec<Metric> {
        let (metrics, first_problem) = check::well_formed(metrics);
        if let Some(problem) = first_problem {
            self.metrics_problem.get_or_init(|| {
                let service = &self.spec.name;
                tracing::warn!(%service, problem, "metrics of the service are left out");
            });
        }
        metrics
    }
}
