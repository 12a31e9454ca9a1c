//! Ends the process when the disk fails to make a write durable.
//!
//! The kernel may have dropped the pages and still show them, so that a second sync would succeed
//! for data that is lost ("fsyncgate"). Only the log is reliable, and only for a process that reads
//! it from the disk: the next one.
//!
//! A failed checkpoint ends the process too, although one could run it again. A checkpoint that
//! cannot copy the whole log, because a reader needs its older half, leaves the sync of its copies
//! to the next checkpoint, and SQLite remembers those frames as copied. If that sync fails and the
//! checkpoint runs again, it copies only its own half. The log then starts over, and overwrites the
//! older half, which is nowhere else.

use rusqlite::ffi;

/// Returns a result, and ends the process instead if it says that a sync has failed.
pub(super) fn end_on_failed_sync<T>(result: rusqlite::Result<T>) -> rusqlite::Result<T> {
    if let Err(error) = &result {
        end_if_failed_sync(error);
    }
    result
}

/// Ends the process if an error says that a sync has failed.
pub(super) fn end_if_failed_sync(error: &rusqlite::Error) {
    if !is_failed_sync(error) {
        return;
    }
    tracing::error!(
        %error,
        "the disk did not keep a write; the process ends, and recovers from the log when it starts"
    );
    // The thread that writes the host's log does not run any more.
    eprintln!(
        "strongroom: the disk did not keep a write ({error}); start again to recover from the log"
    );
    std::process::abort();
}

fn is_failed_sync(error: &rusqlite::Error) -> bool {
    let rusqlite::Error::SqliteFailure(failure, _) = error else {
        return false;
    };
    matches!(
        failure.extended_code,
        ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC
    )
}
