//! The log: text for people at a terminal, JSON lines for machines, on standard error.

use std::io::IsTerminal;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// The environment variable that chooses what is logged, such as `debug` or `info,access=off`.
const FILTER_VARIABLE: &str = "STRONGROOM_LOG";
/// Lines that may wait to be written; when the reader of the log is slower, further ones are dropped rather than requests held up.
const LINES_BUFFERED_MAX: usize = 64 * 1024;

/// Starts the log; what waits is written when the guard is dropped.
pub fn start() -> WorkerGuard {
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES_BUFFERED_MAX)
        .lossy(true)
        .finish(std::io::stderr());
    let filter =
        EnvFilter::try_from_env(FILTER_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    if std::io::stderr().is_terminal() {
        log.with_target(false).init();
    } else {
        log.json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .init();
    }
    guard
}
