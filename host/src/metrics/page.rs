//! A page of figures in Prometheus' text format, version 0.0.4.

use super::HistogramSnapshot;
use prometheus::TextEncoder;
use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

/// The content type of the page.
pub const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Which times are shown of a histogram: nothing is quicker, and little is slower.
const TIME_MIN: Duration = Duration::from_micros(100);
const TIME_MAX: Duration = Duration::from_secs(20);

/// Names with values, which set a sample apart from others of its name.
pub type Labels<'a> = &'a [(&'a str, &'a str)];

/// A page of figures.
#[derive(Debug, Default)]
pub struct Page {
    families: BTreeMap<String, MetricFamily>,
}

impl Page {
    /// A count that only grows; its name ends in `_total`.
    pub fn counter(&mut self, name: &str, help: &str, labels: Labels<'_>, value: u64) {
        self.count(name, help, labels, value as f64);
    }

    /// A time that only grows; its name ends in `_seconds_total`.
    pub fn seconds(&mut self, name: &str, help: &str, labels: Labels<'_>, value: Duration) {
        self.count(name, help, labels, value.as_secs_f64());
    }

    /// A value that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, labels: Labels<'_>, value: i64) {
        let mut gauge = Gauge::default();
        gauge.set_value(value as f64);
        let mut metric = Metric::from_label(pairs(labels));
        metric.set_gauge(gauge);
        self.add(name, help, MetricType::GAUGE, metric);
    }

    /// A number of things: as [`Page::gauge`].
    pub fn number(&mut self, name: &str, help: &str, labels: Labels<'_>, value: usize) {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        self.gauge(name, help, labels, value);
    }

    /// Times; the name ends in `_seconds`.
    pub fn times(&mut self, name: &str, help: &str, labels: Labels<'_>, times: &HistogramSnapshot) {
        let mut histogram = Histogram::default();
        let shown = times.doublings();
        let shown = shown.filter(|(end, _)| (TIME_MIN..TIME_MAX).contains(end));
        let bucket = |(end, below): (Duration, u64)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(end.as_secs_f64());
            bucket.set_cumulative_count(below);
            bucket
        };
        histogram.set_bucket(shown.map(bucket).collect());
        histogram.set_sample_count(times.count());
        histogram.set_sample_sum(times.sum().as_secs_f64());
        let mut metric = Metric::from_label(pairs(labels));
        metric.set_histogram(histogram);
        self.add(name, help, MetricType::HISTOGRAM, metric);
    }

    /// Figures that a library has collected.
    pub fn take(&mut self, families: Vec<MetricFamily>) {
        let named = families.into_iter().map(|one| (one.name().to_owned(), one));
        self.families.extend(named);
    }

    /// The page as text.
    ///
    /// # Errors
    /// A name is empty, which no figure of the host has.
    pub fn text(self) -> prometheus::Result<String> {
        let families: Vec<MetricFamily> = self.families.into_values().collect();
        TextEncoder::new().encode_to_string(&families)
    }

    fn count(&mut self, name: &str, help: &str, labels: Labels<'_>, value: f64) {
        let mut counter = Counter::default();
        counter.set_value(value);
        let mut metric = Metric::from_label(pairs(labels));
        metric.set_counter(counter);
        self.add(name, help, MetricType::COUNTER, metric);
    }

    /// Adds a sample. A name has one type: a sample of another one is left out.
    fn add(&mut self, name: &str, help: &str, kind: MetricType, metric: Metric) {
        let family = match self.families.entry(name.to_owned()) {
            Entry::Occupied(family) => family.into_mut(),
            Entry::Vacant(place) => {
                let mut family = MetricFamily::default();
                family.set_name(name.to_owned());
                family.set_help(help.to_owned());
                family.set_field_type(kind);
                place.insert(family)
            }
        };
        if family.get_field_type() == kind {
            family.mut_metric().push(metric);
        }
    }
}

fn pairs(labels: Labels<'_>) -> Vec<LabelPair> {
    let pair = |(name, value): &(&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    };
    labels.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics;

    #[test]
    fn samples_of_a_name_stand_together_and_labels_are_escaped() {
        let mut page = Page::default();
        page.counter("b_total", "Bees.", &[("of", "a\"\\\nb")], 7);
        page.gauge("a", "Ants.", &[], -1);
        page.counter("b_total", "Bees.", &[("of", "c")], 8);
        page.gauge("b_total", "No bees.", &[], 9);
        assert_eq!(
            page.text().unwrap(),
            "# HELP a Ants.\n# TYPE a gauge\na -1\n\
             # HELP b_total Bees.\n# TYPE b_total counter\n\
             b_total{of=\"a\\\"\\\\\\nb\"} 7\nb_total{of=\"c\"} 8\n"
        );
    }

    #[test]
    fn a_histogram_ends_with_all_that_was_counted() {
        let times = metrics::Histogram::default();
        for millis in [1, 3, 60_000] {
            times.count(Duration::from_millis(millis));
        }
        let mut page = Page::default();
        page.times("t_seconds", "Times.", &[], &times.snapshot());
        let text = page.text().unwrap();
        for line in rows! {
            "t_seconds_bucket{le=\"0.001024\"} 1", "t_seconds_bucket{le=\"0.004096\"} 2",
            "t_seconds_bucket{le=\"+Inf\"} 3", "t_seconds_sum 60.004", "t_seconds_count 3",
        } {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
}
