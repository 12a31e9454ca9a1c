//! What the tests of this crate share.

use crate::http::ready::ready;
use std::future::Future;

/// The output of a future that does not wait for anything.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    ready(future).expect("a future that does not wait")
}
