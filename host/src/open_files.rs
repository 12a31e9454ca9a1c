//! How many files and sockets the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the host needs beside the connections of its clients: stores, the admin listener,
/// components, what services fetch.
const RESERVE: u64 = 512;

/// Raises the soft limit as far as the system lets this process, and says how many connections
/// there is room for.
pub fn room_for_connections() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit on open files cannot be raised");
    }
    let Some(limit) = getrlimit(Resource::Nofile).current else {
        return usize::MAX;
    };
    // However few there are, some connections are served.
    let room = limit.saturating_sub(RESERVE).max(limit / 2);
    usize::try_from(room).unwrap_or(usize::MAX)
}
