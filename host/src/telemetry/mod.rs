//! The log: text for people at a terminal, JSON lines for machines, on standard error.

mod access;
mod batch;

pub use access::AccessLine;

use batch::{BatchWriter, Flusher};
use std::io::IsTerminal;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The environment variable that chooses what is logged, such as `debug` or `info,access=off`.
const FILTER_VARIABLE: &str = "STRONGROOM_LOG";

/// Starts the log; what waits is written when the guard is dropped.
pub fn start() -> Flusher {
    let is_terminal = std::io::stderr().is_terminal();
    let (writer, flusher) = BatchWriter::start(std::io::stderr());
    let filter = std::env::var(FILTER_VARIABLE)
        .ok()
        .and_then(|filter| filter.parse().ok());
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(Level::INFO));
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
    flusher
}
