//! How much CPU time a process has used. Unlike a rate, it is the same on a busy machine.

use std::fs;

use anyhow::{Context, Result};

/// The unit of Linux for CPU time, on every architecture: USER_HZ is 100.
const MICROSECONDS_PER_TICK: u64 = 10_000;

/// The CPU time of a process so far, in user mode and in the kernel, in microseconds.
pub fn microseconds(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| path.clone())?;
    // proc(5): field 2 is the program's name, which may have any characters and ends with the last
    // bracket; utime is field 14.
    let (_, after_name) = stat.rsplit_once(')').with_context(|| path.clone())?;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut ticks = 0_u64;
    for _ in ["utime", "stime"] {
        let field = fields.next().with_context(|| path.clone())?;
        ticks = ticks.saturating_add(field.parse()?);
    }
    Ok(ticks.saturating_mul(MICROSECONDS_PER_TICK))
}
