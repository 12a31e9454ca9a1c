//! Writes log lines in batches, from a thread of its own.
//!
//! A request pays for a copy into a buffer, and never waits for the reader of the log.
//! `tracing-appender` wakes its thread, and makes a system call, for every line: that is much of
//! what a small request costs.

use parking_lot::Mutex;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits at most.
const INTERVAL: Duration = Duration::from_millis(20);
/// How many bytes may wait. If the reader of the log is slower, further lines are dropped and
/// counted.
const BYTES_MAX: usize = 8 << 20;
/// How long the end of the host waits for the reader of the last lines.
const LAST_FLUSH_MAX: Duration = Duration::from_secs(2);

#[derive(Default)]
struct PendingLines {
    bytes: Vec<u8>,
    dropped: u64,
}

/// The end to which log lines are written.
#[derive(Clone)]
pub(super) struct BatchWriter(Arc<Mutex<PendingLines>>);

/// The end that passes them on. Dropped, it writes the lines that wait.
pub struct Flusher {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl BatchWriter {
    pub(super) fn start(mut output: impl Write + Send + 'static) -> (Self, Flusher) {
        let pending = Arc::new(Mutex::new(PendingLines::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let pending = Arc::clone(&pending);
            let stop = Arc::clone(&stop);
            std::thread::Builder::new()
                .name("log".to_owned())
                .spawn(move || {
                    let mut batch = Vec::new();
                    loop {
                        // Read before the flush: so the last flush has every line that was
                        // written before the stop.
                        let is_last = stop.load(Relaxed);
                        flush(&pending, &mut batch, &mut output);
                        if is_last {
                            return;
                        }
                        std::thread::park_timeout(INTERVAL);
                    }
                })
        };
        let thread = match thread {
            Ok(thread) => Some(thread),
            Err(error) => {
                eprintln!("strongroom: the log's thread cannot be started: {error}");
                None
            }
        };
        (Self(pending), Flusher { stop, thread })
    }
}

fn flush(pending: &Mutex<PendingLines>, batch: &mut Vec<u8>, output: &mut impl Write) {
    let dropped = {
        let mut pending = pending.lock();
        std::mem::swap(&mut pending.bytes, batch);
        std::mem::take(&mut pending.dropped)
    };
    // Until the log can be written again, there is no place to report that it cannot.
    let lost = match output.write_all(batch) {
        Ok(()) => 0,
        Err(_) => batch.iter().filter(|byte| **byte == b'\n').count() as u64,
    };
    batch.clear();
    let dropped = dropped + lost;
    if dropped > 0 {
        let line = format!(
            "{{\"level\":\"WARN\",\"message\":\"log lines were dropped: the reader is too slow, or the \
             log cannot be written\",\"dropped\":{dropped}}}\n"
        );
        if lost > 0 || output.write_all(line.as_bytes()).is_err() {
            pending.lock().dropped += dropped;
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let deadline = Instant::now() + LAST_FLUSH_MAX;
            // A reader that does not read any more must not keep the host from its end.
            while !thread.is_finished() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

impl<'a> MakeWriter<'a> for BatchWriter {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &BatchWriter {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let mut pending = self.0.lock();
        if pending.bytes.len() + line.len() > BYTES_MAX {
            pending.dropped += 1;
        } else {
            pending.bytes.extend_from_slice(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::mpsc;

    struct WriteBy<F>(F);

    impl<F: FnMut(&[u8]) -> io::Result<usize>> Write for WriteBy<F> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_written_in_order_before_the_guard_is_gone() {
        let (sender, receiver) = mpsc::channel();
        let (writer, flusher) = BatchWriter::start(WriteBy(move |bytes: &[u8]| {
            sender.send(bytes.to_vec()).unwrap();
            Ok(bytes.len())
        }));
        for number in 0..1_000 {
            writeln!(&mut &writer, "{number}").unwrap();
        }
        drop(flusher);
        let written: Vec<u8> = receiver.try_iter().flatten().collect();
        let expected: String = (0..1_000).map(|number| format!("{number}\n")).collect();
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }

    fn flushed(writer: &BatchWriter) -> String {
        let mut output = Vec::new();
        flush(&writer.0, &mut Vec::new(), &mut output);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn lines_beyond_the_buffer_are_dropped_and_counted() {
        let pending = Mutex::new(PendingLines::default());
        pending.lock().bytes = vec![b'x'; BYTES_MAX];
        let writer = BatchWriter(Arc::new(pending));
        writeln!(&mut &writer, "one more").unwrap();
        let tail = flushed(&writer).split_off(BYTES_MAX);
        assert!(tail.contains("\"dropped\":"), "{tail}");
    }

    #[test]
    fn lines_of_a_log_that_cannot_be_written_are_counted_when_it_can() {
        let full = |_: &[u8]| -> io::Result<usize> { Err(io::ErrorKind::StorageFull.into()) };
        let writer = BatchWriter(Arc::default());
        for _ in 0..3 {
            writeln!(&mut &writer, "a line").unwrap();
        }
        flush(&writer.0, &mut Vec::new(), &mut WriteBy(full));
        let text = flushed(&writer);
        assert!(text.contains("\"dropped\":3"), "{text}");
    }

    #[test]
    fn a_reader_that_is_gone_keeps_the_host_from_its_end_for_seconds_at_most() {
        let (_never, receiver) = mpsc::channel::<()>();
        let (writer, flusher) = BatchWriter::start(WriteBy(move |bytes: &[u8]| {
            let _ = receiver.recv();
            Ok(bytes.len())
        }));
        writeln!(&mut &writer, "a line").unwrap();
        drop(flusher);
    }
}
