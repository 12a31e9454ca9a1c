//! Says what happens, and ends the process as `kill -9` does.

use rustix::process::{Signal, getpid, kill_process};
use std::io::Write as _;

/// Writes one line to standard error, in one piece: a test reads it while other threads write theirs.
pub fn say(text: &str) {
    let line = format!("strongroom-faults: {text}\n");
    // Nobody may be left to read it, which must not change what the process does.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Ends the process at once: no destructor, no handler, no buffer is run or written.
pub fn kill() -> ! {
    let killed = kill_process(getpid(), Signal::KILL);
    // Unless the system refuses, nobody comes here.
    say(&format!("the process could not be killed: {killed:?}"));
    std::process::abort();
}
