//! The protocol of a transfer between a client, the transaction service (T), and the account service (A), checked in every state that
//! it can come to.
//!
//! Goal: whatever is lost, doubled, late, or dead, and whenever: no transfer id is posted twice, no money appears or vanishes, what a
//! client was told stays true, T's outcome is A's, what was given up never posts, another body under a taken key never moves money, and
//! recovery leaves no intent open.
//!
//! Method: a model in `stateright`, read in this order: [`words`], [`network`], [`store`] (group commit), [`transaction`], [`account`],
//! [`protocol`] (the steps), [`properties`] and [`recovery`] (what must hold), [`scenario`] (who sends what). Each step is a step of
//! the code, which its comment names: a turn at a store's writer, a group commit, a message that arrives. [`mutant`] has protocols that
//! are wrong in one place: each must be found, and each property must find one.
//!
//! What is exhaustive: every order of steps, for two idempotency keys with up to two bodies each and two clients, with any number of
//! crashes (of T, of A, of both, and of a group commit) at any moment, any number of retries, of handlers at once, of sweeps and `GET`s,
//! and any loss, doubling, and reordering of messages. None of these is bounded: a message that was sent stays to arrive again, a crash
//! leads back to states with less in them, and equal handlers are one, so that the states are finitely many. The clock may say of an
//! intent at any time that its deadline is past or not.
//!
//! What it leaves out: batches, holds, and standing orders, which are posted by the same steps; requests that A refuses without a record
//! (404, 422 `validation_failed`), which promise nothing; and a loss of A's own file. A third transfer would be one more of those that
//! compete. More clients add nothing, as T does not tell its clients apart. Two states with the same 64-bit hash would be taken for one:
//! less likely than 1 in 100,000 for the largest scenario.

mod account;
mod mutant;
mod network;
mod properties;
mod protocol;
mod recovery;
mod scenario;
mod set;
mod store;
mod transaction;
mod words;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Instant;

use stateright::{Checker, Expectation, HasDiscoveries, Model};
use strongroom_tests::marks::short_or_full;

use mutant::Mutant;
use properties::{
    ANSWERS_AGREE, ANSWERS_TRUE, BALANCES, FENCED, NEVER_DENIED, NOT_NEGATIVE, OTHER_BODY,
    POSTED_ONCE, RECORDS_STAY, RECOVERS, SERVICES_AGREE, SUM,
};
use protocol::Protocol;
use scenario::{FEW, RIVALS, RIVALS_ALL, both_covered, forgetful, refill, rivals, screened};

/// Each check uses all cores.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn two_clients_compete_for_the_same_money_under_the_same_keys() {
    check("rivals", rivals(short_or_full(RIVALS, RIVALS_ALL)), &[]);
}

#[test]
fn two_clients_have_money_for_both() {
    check("both covered", both_covered(), &[]);
}

#[test]
fn a_decline_stays_when_money_comes() {
    check("refill", refill(), &[]);
}

/// A client that sends two bodies under one key may be told of the right one that the key is another's, while T, which has forgotten it,
/// waits for A to refuse the wrong one. All that is about money holds.
#[test]
fn a_service_that_loses_its_file_pays_nothing_twice() {
    check("forgetful", forgetful(), &[NEVER_DENIED]);
}

/// As before: what T was made to forget, a repetition at the same time may have had posted.
#[test]
fn a_request_that_the_screening_did_not_answer_to_is_forgotten_safely() {
    check("screened", screened(), &[NEVER_DENIED]);
}

/// Goes through all states; `broken` are the properties that do not hold here.
fn check(name: &str, protocol: Protocol, broken: &[&str]) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let began = Instant::now();
    let threads = available_parallelism().map_or(1, usize::from);
    let checker = protocol.checker().threads(threads).spawn_bfs().join();
    println!(
        "{name}: {} states, {} steps between them, at most {} from the first, in {:.1?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        began.elapsed(),
    );
    assert!(checker.is_done(), "{name}: every state is visited");
    for property in checker.model().properties() {
        match checker.discovery(property.name) {
            None => {
                let must_be_found = property.expectation == Expectation::Sometimes
                    || broken.contains(&property.name);
                assert!(!must_be_found, "{name}: never seen: {}", property.name);
            }
            Some(path) => assert!(
                property.expectation == Expectation::Sometimes || broken.contains(&property.name),
                "{name}: not so: {}\n{path}{:#?}",
                property.name,
                path.last_state()
            ),
        }
    }
}

#[test]
fn whatever_is_wrong_on_purpose_is_found_and_each_property_finds_something() {
    let found_by: Vec<&str> = [
        (Mutant::ReplyBeforeCommit, rivals(FEW), ANSWERS_TRUE),
        (Mutant::RecallBeforeCommit, rivals(FEW), ANSWERS_TRUE),
        (Mutant::AskBeforeCommit, rivals(FEW), NEVER_DENIED),
        (Mutant::PostWithoutLookup, both_covered(), POSTED_ONCE),
        (Mutant::PostWithoutLookup, rivals(FEW), BALANCES),
        (Mutant::FenceWithoutLookup, rivals(FEW), RECORDS_STAY),
        (Mutant::IdsByFingerprint, forgetful(), OTHER_BODY),
        (Mutant::RecallWithoutFingerprint, forgetful(), ANSWERS_TRUE),
        (Mutant::FundsBeforeId, rivals(FEW), ANSWERS_AGREE),
        (Mutant::FundsOfSnapshot, rivals(FEW), NOT_NEGATIVE),
        (Mutant::DeclineWithoutRow, refill(), ANSWERS_AGREE),
        (Mutant::FenceWithoutRow, rivals(FEW), FENCED),
        (Mutant::CreditLater, rivals(FEW), SUM),
        (Mutant::GiveUpWithoutFence, rivals(FEW), FENCED),
        (Mutant::KeyWithoutFingerprint, rivals(FEW), ANSWERS_TRUE),
        (Mutant::NoteWithoutFingerprint, screened(), SERVICES_AGREE),
        (Mutant::NoteWithoutFingerprint, screened(), ANSWERS_TRUE),
        (Mutant::NoRecovery, rivals(FEW), RECOVERS),
    ]
    .map(|(mutant, protocol, property)| {
        find(mutant, protocol, property);
        property
    })
    .into();
    for property in rivals(FEW).properties() {
        if property.expectation == Expectation::Always {
            assert!(found_by.contains(&property.name), "{}", property.name);
        }
    }
}

/// Looks for a way in which a mutant breaks a property.
fn find(mutant: Mutant, protocol: Protocol, property: &'static str) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let protocol = Protocol {
        mutant: Some(mutant),
        sights: &[],
        ..protocol
    };
    let checker = protocol
        .checker()
        .finish_when(HasDiscoveries::AnyOf(BTreeSet::from([property])))
        .spawn_bfs()
        .join();
    let Some(path) = checker.discovery(property) else {
        panic!("{mutant:?} is not found by: {property}");
    };
    let steps = path.into_actions();
    println!(
        "{mutant:?} breaks \"{property}\" in {} steps: {steps:?}",
        steps.len()
    );
}
