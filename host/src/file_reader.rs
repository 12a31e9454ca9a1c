//! Reads files that may not respond: a hung network mount blocks its caller for hours.
//!
//! So each look at a file has a thread of its own and a deadline. A thread that does not return is
//! left behind. Until it does, no other look at that file begins, and there are never more than a
//! few such threads.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// How long a look may take: 64 MiB from a slow disk take half of it.
const TIME_MAX: Duration = Duration::from_secs(10);

/// A reader of files, of few at a time.
pub struct FileReader {
    time_max: Duration,
    looks_max: usize,
    under_way: Arc<Mutex<LooksUnderWay>>,
}

type LooksUnderWay = HashMap<PathBuf, Look>;

/// A look at a file that has not returned.
#[derive(Clone)]
struct Look {
    deadline: Instant,
    ended: CancellationToken,
}

/// Ends a look when it is dropped, on any thread.
struct LookGuard {
    file: PathBuf,
    ended: CancellationToken,
    under_way: Arc<Mutex<LooksUnderWay>>,
}

impl Drop for LookGuard {
    fn drop(&mut self) {
        self.under_way.lock().remove(&self.file);
        self.ended.cancel();
    }
}

impl FileReader {
    /// A reader that looks at no more than `looks_max` files at once.
    pub fn new(looks_max: usize) -> Self {
        Self {
            time_max: TIME_MAX,
            looks_max,
            under_way: Arc::default(),
        }
    }

    /// Runs `look` on a file, once no other look at it is under way.
    ///
    /// # Errors
    /// It does not return in time, an earlier one has not returned, or too many others have not.
    pub async fn look<T: Send + 'static>(
        &self,
        file: &Path,
        look: impl FnOnce(&Path) -> T + Send + 'static,
    ) -> io::Result<T> {
        let guard = self.begin(file).await?;
        let deadline = Instant::now() + self.time_max;
        let looking = tokio::task::spawn_blocking(move || look(&guard.file));
        match timeout_at(deadline, looking).await {
            Ok(result) => result.map_err(io::Error::other),
            Err(_) => Err(self.too_slow()),
        }
    }

    /// Waits until no other look at the file is under way.
    async fn begin(&self, file: &Path) -> io::Result<LookGuard> {
        loop {
            let other = {
                let mut under_way = self.under_way.lock();
                match under_way.get(file) {
                    Some(other) => other.clone(),
                    None if under_way.len() >= self.looks_max => {
                        let problem = format!(
                            "{} other files do not respond; check whether a mount hangs",
                            self.looks_max
                        );
                        return Err(io::Error::new(io::ErrorKind::ResourceBusy, problem));
                    }
                    None => {
                        let look = Look {
                            deadline: Instant::now() + self.time_max,
                            ended: CancellationToken::new(),
                        };
                        under_way.insert(file.to_owned(), look.clone());
                        return Ok(LookGuard {
                            file: file.to_owned(),
                            ended: look.ended,
                            under_way: Arc::clone(&self.under_way),
                        });
                    }
                }
            };
            let end = timeout_at(other.deadline, other.ended.cancelled());
            end.await.map_err(|_| self.too_slow())?;
        }
    }

    fn too_slow(&self) -> io::Error {
        let problem = format!(
            "it did not respond in {:?}; check whether its mount hangs",
            self.time_max
        );
        io::Error::new(io::ErrorKind::TimedOut, problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    fn reader(looks_max: usize) -> FileReader {
        FileReader {
            time_max: Duration::from_secs(1),
            ..FileReader::new(looks_max)
        }
    }

    /// Looks at the file `hung` until it is too late. The look goes on until the sender is dropped.
    async fn hang(reader: &FileReader) -> Sender<()> {
        let (release, wait) = channel();
        let look = move |_: &Path| wait.recv().is_ok();
        let error = reader.look(Path::new("hung"), look).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        release
    }

    #[tokio::test]
    async fn a_file_that_does_not_respond_is_left_and_others_are_read() {
        let reader = reader(2);
        let _release = hang(&reader).await;
        let begun = Instant::now();
        // No second look, and no wait for the first.
        let again = reader.look(Path::new("hung"), |_| ()).await.unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::TimedOut);
        assert_eq!(reader.look(Path::new("fine"), |_| 7).await.unwrap(), 7);
        assert!(begun.elapsed() < Duration::from_millis(900));
    }

    #[tokio::test]
    async fn hung_looks_are_few_and_a_file_that_responds_again_is_read_again() {
        let reader = reader(1);
        let release = hang(&reader).await;
        let error = reader.look(Path::new("fine"), |_| ()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        drop(release);
        while reader.look(Path::new("hung"), |_| ()).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn two_looks_at_one_file_take_turns() {
        let reader = reader(1);
        let (release, wait) = channel::<()>();
        let first = reader.look(Path::new("file"), move |_| wait.recv().is_ok());
        let second = reader.look(Path::new("file"), |_| ());
        let release = async move { drop(release) };
        let (first, second, ()) = tokio::join!(first, second, release);
        first.unwrap();
        second.unwrap();
    }
}
