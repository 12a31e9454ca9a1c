//! Warms a started generation: makes as many instances as the one that it replaces has.

use super::change_set::Candidate;
use crate::runtime::{Generation, LoadProblem};
use std::time::Instant;

/// Warms the candidate's generation, and refuses it if it cannot be instantiated.
pub(super) async fn warm(
    candidate: &mut Candidate,
    generation: &Generation,
    replaced: Option<&Generation>,
) {
    let begun = Instant::now();
    let warmed = generation.warm(replaced).await;
    candidate.steps.warm = Some(begun.elapsed());
    if let Err(reason) = warmed {
        candidate.refuse(vec![LoadProblem::Instantiate(reason)]);
    }
}
