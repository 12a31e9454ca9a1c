//! Prints lines for the test, and ends the process as `kill -9` does.

use rustix::process::{Signal, getpid, kill_process};
use std::io::Write as _;

/// Writes one line to standard error, in one piece: other threads write lines too.
pub fn say(text: &str) {
    let line = format!("strongroom-faults: {text}\n");
    // An error must not change what the process does: the reader may have ended.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Ends the process at once: it runs no destructor and no handler, and writes no buffer.
pub fn kill() -> ! {
    let killed = kill_process(getpid(), Signal::KILL);
    // Only if the system refuses.
    say(&format!("the process could not be killed: {killed:?}"));
    std::process::abort();
}
