//! The exports that each service makes alike.

/// Exports `strongroom:service`'s `openapi`, `metrics` and `audit` from a component. `$exports` is
/// the module `exports::strongroom::service` of its bindings. `$metrics` and `$report` are results,
/// of [`Metric`](crate::metrics::Metric)s and of a [`Report`](crate::audit::Report). The check of
/// the schema that `$migrations` make comes before those of the report.
#[macro_export]
macro_rules! export_reports {
    (
        $component:ty, $exports:ident, $migrations:expr, $document:expr, $metrics:expr,
        $report:expr $(,)?
    ) => {
        impl $exports::openapi::Guest for $component {
            fn document() -> String {
                $document
            }
        }

        impl $exports::metrics::Guest for $component {
            fn collect() -> Result<Vec<$exports::metrics::Metric>, String> {
                use $exports::metrics as wit;
                let metrics = $metrics.map_err(|error| error.to_string())?;
                let metrics = metrics.into_iter().map(|metric| wit::Metric {
                    name: metric.name.to_owned(),
                    help: metric.help.to_owned(),
                    kind: match metric.kind {
                        $crate::metrics::Kind::Counter => wit::Kind::Counter,
                        $crate::metrics::Kind::Gauge => wit::Kind::Gauge,
                    },
                    samples: metric
                        .samples
                        .into_iter()
                        .map(|sample| wit::Sample {
                            labels: sample.labels,
                            value: sample.value,
                        })
                        .collect(),
                });
                Ok(metrics.collect())
            }
        }

        impl $exports::audit::Guest for $component {
            fn check_invariants() -> Result<$exports::audit::Report, String> {
                use $exports::audit as wit;
                let store = $crate::store::HostStore;
                let schema = $crate::audit::check_schema(&store, $migrations)
                    .map_err(|error| error.to_string())?;
                let report = $report.map_err(|error| error.to_string())?;
                let checks = std::iter::once(schema).chain(report.checks);
                let checks = checks.map(|check| wit::Check {
                    name: check.name.to_owned(),
                    examined: check.examined,
                    violations: check.violations,
                });
                let totals = report.totals.into_iter().map(|total| wit::Total {
                    name: total.name,
                    value: total.value,
                });
                Ok(wit::Report {
                    checks: checks.collect(),
                    totals: totals.collect(),
                })
            }
        }
    };
}
