//! Traces of requests, for a collector of OpenTelemetry.
//!
//! A share of the requests is traced. Such a request has a [`request_trace`], whose [`span`]s are
//! noted where the work is done; [`trace_parent`] names it to others. When nothing works for the
//! request any more, its trace goes to a queue, from which [`exporter`] sends it in the words of
//! [`otlp`]. A request waits for none of this.

mod exporter;
mod otlp;
mod request_trace;
mod span;
mod trace_parent;

pub use exporter::TraceExporter;
pub use request_trace::{CurrentSpan, OpenSpan, RequestTrace};
pub use trace_parent::{SpanId, TraceId, TraceParent};

use crate::metrics::{Figures, Page};
use request_trace::FinishedTrace;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::mpsc;
use uuid::Uuid;

/// How many traces may wait for the collector: with 128 spans each, some 15 MB. Further ones are
/// dropped and counted.
const QUEUE_MAX: usize = 1024;

/// Chooses requests to trace, and queues their traces.
#[derive(Debug)]
pub struct Traces {
    /// How many of a hundred requests are traced.
    sample: u8,
    queue: mpsc::Sender<FinishedTrace>,
    sent: AtomicU64,
    dropped: AtomicU64,
}

impl Traces {
    /// Traces of this percentage of requests, and the end of the queue where they come out.
    fn new(sample: u8) -> (Arc<Self>, mpsc::Receiver<FinishedTrace>) {
        let (queue, finished) = mpsc::channel(QUEUE_MAX);
        let traces = Self {
            sample,
            queue,
            sent: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        };
        (Arc::new(traces), finished)
    }

    /// Begins the trace of a request, if it is chosen. Its client has no say in that: a stranger
    /// could have every request traced.
    pub fn begin(
        self: &Arc<Self>,
        parent: impl FnOnce() -> Option<TraceParent>,
    ) -> Option<Arc<RequestTrace>> {
        let (_, random) = Uuid::new_v4().as_u64_pair();
        let is_chosen = random % 100 < u64::from(self.sample);
        is_chosen.then(|| RequestTrace::begin(Arc::clone(self), parent()))
    }

    fn queue(&self, trace: FinishedTrace) {
        if self.queue.try_send(trace).is_err() {
            self.count_dropped(1);
        }
    }

    fn count_sent(&self, traces: u64) {
        self.sent.fetch_add(traces, Relaxed);
    }

    fn count_dropped(&self, traces: u64) {
        self.dropped.fetch_add(traces, Relaxed);
    }
}

impl Figures for Traces {
    fn write_to(&self, page: &mut Page) {
        page.counter(
            "strongroom_traces_sent_total",
            "Traces that the collector took.",
            &[],
            self.sent.load(Relaxed),
        );
        page.counter(
            "strongroom_traces_dropped_total",
            "Traces that the collector was too slow for, or did not take.",
            &[],
            self.dropped.load(Relaxed),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_of_a_hundred_requests_are_traced() {
        for (sample, range) in [(1, 1..400), (100, 10_000..10_001)] {
            let (traces, _finished) = Traces::new(sample);
            let chosen = (0..10_000).filter(|_| traces.begin(|| None).is_some());
            let chosen = chosen.count();
            assert!(range.contains(&chosen), "{sample} %: {chosen}");
        }
    }

    #[test]
    fn traces_beyond_the_queue_are_dropped_and_counted() {
        let (traces, finished) = Traces::new(100);
        for _ in 0..QUEUE_MAX + 3 {
            drop(traces.begin(|| None));
        }
        assert_eq!(finished.len(), QUEUE_MAX);
        assert_eq!(traces.dropped.load(Relaxed), 3);
    }
}
