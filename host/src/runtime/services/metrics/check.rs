//! What of a service's figures is well formed.

use super::{Metric, MetricKind, MetricSample};
use std::collections::HashSet;

/// The most metrics of a service.
const METRICS_MAX: usize = 100;
/// The most samples of a service, in all its metrics.
const SAMPLES_MAX: usize = 1_000;
/// The most labels of a sample.
const LABELS_MAX: usize = 8;
/// The longest name of a metric or of a label, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// The longest help, and the longest value of a label, in bytes.
const TEXT_BYTES_MAX: usize = 256;
/// The host adds the name of the service.
const SERVICE_LABEL: &str = "service";

/// The metrics that are well formed, and what is wrong with the first of the others.
pub(super) fn well_formed(metrics: Vec<Metric>) -> (Vec<Metric>, Option<String>) {
    let mut first_problem = None;
    let mut note = |problem: String| {
        first_problem.get_or_insert(problem);
    };
    let (mut names, mut samples_left) = (HashSet::new(), SAMPLES_MAX);
    let mut kept = Vec::new();
    for (index, mut metric) in metrics.into_iter().enumerate() {
        if index >= METRICS_MAX {
            note(format!("there are more than {METRICS_MAX} metrics"));
            break;
        }
        if let Err(problem) = check_metric(&metric) {
            note(problem);
            continue;
        }
        if !names.insert(metric.name.clone()) {
            note(format!("there are two metrics `{}`", metric.name));
            continue;
        }
        let mut seen = HashSet::new();
        metric.samples.retain_mut(|sample| {
            sample.labels.sort();
            let problem = match check_sample(metric.kind, sample) {
                Ok(()) if samples_left == 0 => format!("there are more than {SAMPLES_MAX} samples"),
                Ok(()) if seen.insert(sample.labels.clone()) => {
                    samples_left -= 1;
                    return true;
                }
                Ok(()) => "two samples have the same labels".to_owned(),
                Err(problem) => problem,
            };
            note(format!("`{}`: {problem}", metric.name));
            false
        });
        kept.push(metric);
    }
    (kept, first_problem)
}

fn check_metric(metric: &Metric) -> Result<(), String> {
    let name = &metric.name;
    if !is_name(name) {
        return Err(format!("{name:.64?} is no name of a metric"));
    }
    let kind = match name.ends_with("_total") {
        true => MetricKind::Counter,
        false => MetricKind::Gauge,
    };
    if metric.kind != kind {
        return Err(format!(
            "`{name}`: counters end in `_total`, and gauges do not"
        ));
    }
    // Prometheus makes these of histograms.
    if ["_bucket", "_count", "_sum"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        return Err(format!("`{name}`: this end is of histograms"));
    }
    if !is_text(&metric.help) {
        return Err(format!(
            "`{name}`: the help is not a line of at most {TEXT_BYTES_MAX} bytes"
        ));
    }
    Ok(())
}

fn check_sample(kind: MetricKind, sample: &MetricSample) -> Result<(), String> {
    if kind == MetricKind::Counter && sample.value < 0 {
        return Err("a counter is below 0".to_owned());
    }
    if sample.labels.len() > LABELS_MAX {
        return Err(format!("a sample has more than {LABELS_MAX} labels"));
    }
    let mut previous = SERVICE_LABEL;
    for (name, value) in &sample.labels {
        // They are sorted, and `service` is the host's.
        if !is_name(name) || name == previous || name == SERVICE_LABEL {
            return Err(format!(
                "{name:.64?} is no name of a label, or it is there twice"
            ));
        }
        if !is_text(value) {
            return Err(format!(
                "the label `{name}` has a value that is too long, or has lines"
            ));
        }
        previous = name;
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn is_text(text: &str) -> bool {
    text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A metric with samples, each with its labels as `name=value,name=value`.
    fn metric(name: &str, samples: &[(&str, i64)]) -> Metric {
        let label = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let sample = |&(labels, value): &(&str, i64)| {
            let labels = labels.split(',').filter_map(|one| one.split_once('='));
            let labels = labels.map(label).collect();
            MetricSample { labels, value }
        };
        Metric {
            name: name.to_owned(),
            help: "What it is.".to_owned(),
            kind: match name.ends_with("_total") {
                true => MetricKind::Counter,
                false => MetricKind::Gauge,
            },
            samples: samples.iter().map(sample).collect(),
        }
    }

    #[test]
    fn what_is_well_formed_stays() {
        let declines = metric("declines_total", &[("code=a", 1), ("code=b", 0)]);
        let good = vec![metric("holds_open", &[("", -7)]), declines];
        assert_eq!(well_formed(good.clone()), (good, None));
    }

    #[test]
    fn what_no_database_takes_is_left_out() {
        let plain = &[("", 1)];
        let long = "a".repeat(NAME_BYTES_MAX + 1);
        for name in ["", "7up", "Holds", "a-b", "a\nb", "_a", "a_count", &long] {
            let (kept, problem) = well_formed(vec![metric(name, plain)]);
            assert!(kept.is_empty() && problem.is_some(), "{name}");
        }
        let mut gauge = metric("a_total", plain);
        gauge.kind = MetricKind::Gauge;
        let mut lines = metric("a", plain);
        lines.help = "a\nb".to_owned();
        for wrong in [gauge, lines] {
            assert!(well_formed(vec![wrong]).0.is_empty());
        }
        let (kept, problem) = well_formed(vec![metric("a", plain), metric("a", plain)]);
        assert_eq!((kept.len(), problem.is_some()), (1, true));
    }

    #[test]
    fn a_wrong_sample_goes_and_the_others_stay() {
        for wrong in rows! {
            ("service=other", 1), ("a=1,a=2", 1), ("A=1", 1), ("a=x\ny", 1), ("a=twice", 1),
            ("", -1),
        } {
            let samples = [("a=twice", 3), wrong];
            let (kept, problem) = well_formed(vec![metric("a_total", &samples)]);
            assert_eq!(kept[0].samples.len(), 1, "{wrong:?}");
            assert!(problem.unwrap().starts_with("`a_total`: "), "{wrong:?}");
        }
    }

    #[test]
    fn a_service_has_a_bounded_part_of_the_page() {
        let many = (0..=METRICS_MAX).map(|index| metric(&format!("a{index}"), &[("", 1)]));
        assert_eq!(well_formed(many.collect()).0.len(), METRICS_MAX);
        let labels = (0..=SAMPLES_MAX).map(|index| format!("a={index}"));
        let labels: Vec<_> = labels.collect();
        let samples: Vec<_> = labels.iter().map(|label| (&**label, 1)).collect();
        let (kept, _) = well_formed(vec![metric("a", &samples)]);
        assert_eq!(kept[0].samples.len(), SAMPLES_MAX);
    }
}
