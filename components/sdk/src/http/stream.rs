//! Writes to the host's streams.

use wasip2::io::streams::{OutputStream, StreamError};

/// Writes all of `content`. While the stream has no room, `wait` blocks until it may have some.
///
/// It does not flush: the host sends the content by itself, and to wait for it would cost a switch
/// of tasks.
pub(super) fn write_all<E: From<StreamError>>(
    stream: &OutputStream,
    mut content: &[u8],
    wait: impl Fn() -> Result<(), E>,
) -> Result<(), E> {
    while !content.is_empty() {
        let room = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if room == 0 {
            wait()?;
            continue;
        }
        let (now, later) = content.split_at(room.min(content.len()));
        stream.write(now)?;
        content = later;
    }
    Ok(())
}
