//! The log: text for people at a terminal, JSON lines for machines, on standard error.

mod batch;

use batch::{BatchWriter, Flusher};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// The environment variable that chooses what is logged, such as `debug` or `info,access=off`.
const FILTER_VARIABLE: &str = "STRONGROOM_LOG";

/// Starts the log; what waits is written when the guard is dropped.
pub fn start() -> Flusher {
    let is_terminal = std::io::stderr().is_terminal();
    let (writer, flusher) = BatchWriter::start(std::io::stderr());
    let filter =
        EnvFilter::try_from_env(FILTER_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    if is_terminal {
        log.with_target(false).init();
    } else {
        log.json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .init();
    }
    flusher
}
