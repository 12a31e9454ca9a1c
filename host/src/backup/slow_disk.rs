//! Work on a disk that may not respond, such as a network mount that hangs.
//!
//! While a backup copies a store, or keeps its log, no checkpoint of that store runs. So such work
//! has a thread of its own and a deadline, and a thread that does not return is left behind.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How long one piece of work may take: 4 MiB with their fsync, or all of a log that a checkpoint
/// waits for.
pub(super) const TIME_MAX: Duration = Duration::from_secs(10);

/// Runs `work`. Blocks.
///
/// # Errors
/// Those of `work`; it does not return in time.
pub(super) fn in_time<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    within(TIME_MAX, work)
}

fn within<T: Send + 'static>(
    time_max: Duration,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = sync_channel(1);
    std::thread::Builder::new()
        .name("backup".to_owned())
        .spawn(move || {
            // One who has not waited needs no result.
            let _ = sender.send(work());
        })?;
    match receiver.recv_timeout(time_max) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(too_slow()),
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("the work has panicked")),
    }
}

/// It does not return in time.
pub(super) fn too_slow() -> io::Error {
    let problem = format!("the disk did not respond in {TIME_MAX:?}; check whether a mount hangs");
    io::Error::new(io::ErrorKind::TimedOut, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_does_not_return_is_left_and_other_work_has_its_result() {
        let (release, wait) = sync_channel::<()>(0);
        let hung = within(Duration::from_millis(20), move || {
            let _ = wait.recv();
            Ok(())
        });
        assert_eq!(hung.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(release);
        assert_eq!(in_time(|| Ok(7)).unwrap(), 7);
        let error = in_time(|| Err::<(), _>(io::ErrorKind::StorageFull.into()));
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
