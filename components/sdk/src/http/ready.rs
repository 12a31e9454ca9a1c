//! Futures that do not wait.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// A future that is not ready after so many polls waits for something that does not exist here.
const POLLS_MAX: usize = 1_000;

/// Runs a future that does not wait; none if it does.
pub(crate) fn ready<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..POLLS_MAX).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}
