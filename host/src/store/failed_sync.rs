//! A disk that refuses to make a write durable ends the process.
//!
//! The kernel may have thrown the pages away and go on showing them, so that a second sync would answer well for data that is lost
//! ("fsyncgate"). Only the log can be trusted, and only by one who reads it anew: the process that starts next.
//!
//! That goes for a checkpoint as well, although it could be made again. A checkpoint that cannot copy the whole log, because a reader
//! needs its older half, leaves the sync of what it has copied to the next one, and SQLite remembers those frames as copied. If that
//! one's sync fails and is tried again, only its own half is copied anew: the log begins anew over the older half, which is
//! nowhere else.

use rusqlite::ffi;

/// Passes a result on, unless it says that a sync has failed.
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
    tracing::error!(%error, "the disk did not keep a write; the process ends, and recovers from the log when it starts");
    // The log's own thread will not come to it any more.
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
