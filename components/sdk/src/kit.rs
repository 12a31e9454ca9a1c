//! What the tests of this crate share.

use crate::http::ready::ready;
use crate::problem::Problem;
use std::future::Future;

/// The output of a future that does not wait for anything.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    ready(future).expect("a future that does not wait")
}

/// The pointer of the first error of a 422, and what it says.
pub(crate) fn told<T>(read: Result<T, Problem>) -> String {
    let problem = read.err().expect("a refusal");
    assert_eq!(problem.status(), 422, "{problem:?}");
    let error = &problem.errors()[0];
    format!("{} {}", error.pointer, error.detail)
}
