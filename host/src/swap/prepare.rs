//! The steps before a switch. Requests and calls go on with the old generations meanwhile.

use super::change_set::ChangeSet;
use super::check::refuse_misfits;
use super::diff::PendingChange;
use super::files::Files;
use super::load::load;
use super::start::start;

/// Loads, checks, starts, and warms the services of a part.
pub(super) async fn prepare<'a>(
    mut set: ChangeSet<'a>,
    part: Vec<PendingChange>,
    files: &Files,
) -> ChangeSet<'a> {
    load(&mut set, part, files, true).await;
    refuse_misfits(&mut set);
    start(&mut set).await;
    set
}
