//! How many files and sockets the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the host needs beside the connections of its clients: stores, admin connections,
/// components, requests of services.
const RESERVE: u64 = 512;

/// Raises the soft limit as far as the system lets this process, and returns for how many
/// connections there is room.
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
    let room = limit.saturating_sub(RESERVE).max(limit / 2);
    usize::try_from(room).unwrap_or(usize::MAX)
}
