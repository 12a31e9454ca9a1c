//! The log: text for people at a terminal, JSON lines for machines, on standard error. What the
//! latest requests did, and [`traces`] of requests.

mod access;
mod batch;
mod current_request;
mod line_budget;
mod recent_requests;
mod request_work;
mod traces;

pub use access::AccessLine;
pub use current_request::{CurrentRequest, for_request};
pub use recent_requests::{RecentRequests, RequestFacts, RequestView, beginning};
pub use request_work::{RequestWork, StoreCall};
pub use traces::{OpenSpan, RequestTrace, SpanId, TraceExporter, TraceId, TraceParent, Traces};

use anyhow::Context as _;
use batch::{BatchWriter, Flusher};
use std::io::IsTerminal;
use std::time::Duration;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The environment variable that chooses what is logged, such as `debug` or `info,access=off`.
const FILTER_VARIABLE: &str = "STRONGROOM_LOG";
/// What `serve` logs where the environment does not say it.
pub const OF_SERVE: &str = "info";
/// What `check` logs: what components print, and what they and the host warn of.
pub const OF_CHECK: &str = "warn,guest=info";
/// Comes first in each filter. The engine warns of each connection of a guest that fails, and does
/// not say which guest that is; the guest learns it.
const QUIET: &str = "wasmtime_wasi_http=error";

/// Starts the log, with this filter if the environment has none. Lines that wait are written when
/// the guard is dropped.
///
/// # Errors
/// The environment's filter is malformed.
pub fn start(default: &str) -> anyhow::Result<Flusher> {
    let chosen = std::env::var_os(FILTER_VARIABLE);
    let chosen = chosen.as_ref().map(|text| text.to_string_lossy());
    let filter = parse_filter(chosen.as_deref().unwrap_or(default))?;
    let is_terminal = std::io::stderr().is_terminal();
    let (writer, flusher) = BatchWriter::start(std::io::stderr());
    if filter.would_enable(access::TARGET, &Level::INFO) {
        access::start(writer.clone(), !is_terminal);
    }
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let log = tracing_subscriber::registry().with(filter);
    if is_terminal {
        log.with(lines.with_target(false)).init();
    } else {
        let lines = lines.json().flatten_event(true);
        log.with(lines.with_current_span(false).with_span_list(false))
            .init();
    }
    Ok(flusher)
}

/// A time in microseconds: in a line of JSON a number, where one of 128 bits would be a text.
pub fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn parse_filter(text: &str) -> anyhow::Result<Targets> {
    let all = format!("{QUIET},{text}");
    all.parse().ok().with_context(|| {
        format!(
            "{FILTER_VARIABLE}: `{text}` is not a log filter; write for example `debug`, or \
             `info,access=off`"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_filter_is_refused_with_an_example() {
        for right in ["debug", "info,access=off", "off"] {
            parse_filter(right).unwrap();
        }
        for wrong in ["info,access=loud", "access=of"] {
            let error = parse_filter(wrong).unwrap_err().to_string();
            let is_told = error.contains("STRONGROOM_LOG") && error.contains(wrong);
            assert!(is_told, "{error}");
        }
    }
}
