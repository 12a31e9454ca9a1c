//! What a service has done. The figures belong to its name, as a swap must not set them back.

use crate::metrics::{Histogram, Page};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The classes of HTTP statuses.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// What a service has done since the host began.
#[derive(Debug, Default)]
pub struct ServiceFigures {
    /// The responses to its clients, also those that the gateway gave in its place.
    pub responses: ResponseFigures,
    /// The link calls that it has returned from, and those that it has not.
    calls_done: AtomicU64,
    calls_failed: AtomicU64,
    instances_failed: AtomicU64,
    ticks_failed: AtomicU64,
    busy_ns: AtomicU64,
}

impl ServiceFigures {
    /// Counts a link call.
    pub fn count_call(&self, has_failed: bool) {
        let calls = match has_failed {
            true => &self.calls_failed,
            false => &self.calls_done,
        };
        calls.fetch_add(1, Relaxed);
    }

    /// Counts an instance that is gone because its call trapped, broke a limit, or took too long.
    pub fn count_failed_instance(&self) {
        self.instances_failed.fetch_add(1, Relaxed);
    }

    /// Counts a tick that failed.
    pub fn count_failed_tick(&self) {
        self.ticks_failed.fetch_add(1, Relaxed);
    }

    /// Adds time in which a thread worked for the service.
    pub fn add_busy(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.busy_ns.fetch_add(nanos, Relaxed);
    }

    /// Writes the figures of a service.
    pub fn write_to(&self, page: &mut Page, service: &str) {
        self.responses.write_to(page, service);
        let labels = &[("service", service)];
        for (outcome, calls) in [("done", &self.calls_done), ("failed", &self.calls_failed)] {
            page.counter(
                "strongroom_link_calls_total",
                "Calls of other services, by the called one.",
                &[("service", service), ("outcome", outcome)],
                calls.load(Relaxed),
            );
        }
        page.counter(
            "strongroom_instance_failures_total",
            "Instances that are gone: their call trapped, broke a limit, or took too long.",
            labels,
            self.instances_failed.load(Relaxed),
        );
        page.counter(
            "strongroom_tick_failures_total",
            "Ticks that failed: what is due by the clock was not done.",
            labels,
            self.ticks_failed.load(Relaxed),
        );
        page.seconds(
            "strongroom_busy_seconds_total",
            "Time in which threads worked for the service: its code, its statements, and commits \
             that waited for the disk on the same thread.",
            labels,
            Duration::from_nanos(self.busy_ns.load(Relaxed)),
        );
    }
}

/// HTTP responses, and the times from the head of the request to that of the response.
#[derive(Debug, Default)]
pub struct ResponseFigures {
    by_class: [AtomicU64; CLASSES.len()],
    times: Histogram,
}

impl ResponseFigures {
    /// Counts a response.
    pub fn count(&self, status: u16, time: Duration) {
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        self.by_class[class].fetch_add(1, Relaxed);
        self.times.count(time);
    }

    /// Writes the figures of a service, or of the gateway itself, which has no name.
    pub fn write_to(&self, page: &mut Page, service: &str) {
        for (class, count) in CLASSES.into_iter().zip(&self.by_class) {
            page.counter(
                "strongroom_http_requests_total",
                "Requests that have a response, by the class of its status. Those without a \
                 service are the gateway's own.",
                &[("service", service), ("status", class)],
                count.load(Relaxed),
            );
        }
        page.times(
            "strongroom_http_request_duration_seconds",
            "From the head of a request to the head of its response.",
            &[("service", service)],
            &self.times.snapshot(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_counted_in_the_class_of_its_status() {
        let figures = ResponseFigures::default();
        for status in [200, 204, 404, 499, 503, 999, 0] {
            figures.count(status, Duration::from_millis(3));
        }
        let mut page = Page::default();
        figures.write_to(&mut page, "s");
        let text = page.text().unwrap();
        for (class, count) in [("1xx", 1), ("2xx", 2), ("3xx", 0), ("4xx", 2), ("5xx", 2)] {
            let line = format!(
                "strongroom_http_requests_total{{service=\"s\",status=\"{class}\"}} {count}\n"
            );
            assert!(text.contains(&line), "{line} in {text}");
        }
    }
}
