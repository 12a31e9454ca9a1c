//! Checks a history against the books of its bank.

use strongroom_tests::history::journal::{events_of_bank, rows_of_bank};
use strongroom_tests::history::{Checker, History};
use strongroom_tests::{Bank, Person};

/// Everything that was asked since the last time, of which nothing is under way.
///
/// # Panics
///
/// If anything is wrong.
pub async fn check(checker: &mut Checker, history: &History, auditor: &Person) {
    let rows = rows_of_bank(auditor, checker.books().rows_seen()).await;
    let events = events_of_bank(auditor, checker.books().events_seen()).await;
    checker.check(&history.take(), events, rows);
    checker.assert_sound();
}

/// `strongroom verify` finds nothing.
pub fn verify(bank: &Bank) {
    let verified = strongroom_tests::command::verify(bank.folder());
    assert_eq!(verified.code, Some(0), "{verified:?}");
}
