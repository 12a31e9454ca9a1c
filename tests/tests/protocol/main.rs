//! The protocol of a transfer between a client, the transaction service (T), and the account service (A), looked at in every state that it
//! can come to.
//!
//! Goal: whatever is lost, doubled, late, or dead, and whenever: no transfer id is posted twice, no money appears or vanishes, what a
//! client was told stays true, T's outcome is A's, what was given up never posts, another body under a taken key never moves money, and
//! what was accepted gets an outcome.
//!
//! Method: a model in `stateright`. Read in this order: [`words`], [`network`], [`store`] (group commit), [`transaction`], [`account`],
//! [`protocol`] (the steps), [`properties`] and [`recovery`] (what must hold), [`scenario`] (who sends what). A step of the model is a step
//! of the code, which its comment names: a turn at a store's writer, a group commit, a message that arrives. [`mutant`] lists protocols
//! that are wrong in one place: each must be found, and each property must find one.
//!
//! What is exhaustive: every order of steps, for two clients and two idempotency keys with up to two bodies each; with any number of
//! crashes (of T, of A, of the process of both) and failed group commits at any moment, of retries, of handlers at once, of sweeps and
//! `GET`s; and with any loss, doubling, and reordering of messages. None of these needs a bound: a message that was sent stays, to arrive
//! again; a crash only takes away; and equal handlers are one. The clock may say of an open intent at any time that its deadline is past,
//! and then that it is not.
//!
//! What it leaves out: batches, holds, and standing orders, which the same steps post; the loss of A's own file, which is the truth; and
//! accounts that come to be while a request for them is under way. More clients add nothing, as T does not tell its clients apart; a third
//! transfer would be one more that competes. Two states with the same hash of 64 bits would be taken for one: among 11 million states,
//! with a probability of 1 in 300,000.

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
    ANSWERS_AGREE, ANSWERS_TRUE, BALANCES, FENCED, KEPT, NOT_DISOWNED, NOT_NEGATIVE, OTHER_BODY,
    POSTED_ONCE, RECORDS_STAY, RECOVERS, SERVICES_AGREE, SUM,
};
use protocol::Protocol;
use scenario::{
    ALL, FEW, MANY, ONE_KEY, both_covered, lost_file, purged, refill, refused, rivals, screened,
};

/// A check uses all cores.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn two_clients_compete_for_the_same_money_under_the_same_keys() {
    check("rivals", rivals(short_or_full(MANY, ALL)), &[]);
}

#[test]
fn two_clients_have_money_for_both() {
    check("both covered", both_covered(), &[]);
}

#[test]
fn a_decline_stays_when_money_comes() {
    check("refill", refill(), &[]);
}

/// While A has not refused the wrong body, the right one is told that the key is another's; then the key is free.
#[test]
fn a_key_whose_request_was_refused_serves_another() {
    check(
        "refused",
        refused(short_or_full(ONE_KEY, FEW)),
        &[NOT_DISOWNED],
    );
}

/// What T has lost, the client has to ask for again, and A knows. While T waits for A to refuse a wrong body under an old key, it does not
/// know the right one; that can happen only to a client that sends two.
#[test]
fn nothing_is_paid_twice_when_the_intents_are_lost() {
    check("lost file", lost_file(), &[NOT_DISOWNED, KEPT]);
}

/// A wrong body under an old key is met as where all is lost.
#[test]
fn nothing_is_paid_twice_when_old_answers_are_deleted() {
    check("purged", purged(), &[NOT_DISOWNED]);
}

/// T may forget what a repetition, to which the screening did answer, has sent on its way.
#[test]
fn a_request_without_a_verdict_is_forgotten_safely() {
    check("screened", screened(), &[NOT_DISOWNED, KEPT]);
}

/// Goes through all states. `broken` are the properties that do not hold here, and need not.
fn check(name: &str, protocol: Protocol, broken: &[&str]) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let began = Instant::now();
    let threads = available_parallelism().map_or(1, usize::from);
    let checker = protocol.checker().threads(threads).spawn_bfs().join();
    println!(
        "{name}: {} states, {} steps between them, depth {}, in {:.1?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        began.elapsed(),
    );
    assert!(checker.is_done(), "{name}: there are more states");
    for property in checker.model().properties() {
        let found = checker.discovery(property.name);
        let is_sought = property.expectation == Expectation::Sometimes;
        if is_sought || broken.contains(&property.name) {
            assert!(found.is_some(), "{name}: never seen: {}", property.name);
        } else if let Some(path) = found {
            let state = path.last_state().to_owned();
            panic!("{name}: not so: {}\n{path}{state:#?}", property.name);
        }
    }
}

#[test]
fn whatever_is_wrong_on_purpose_is_found_and_each_property_finds_something() {
    let findings = [
        (Mutant::ReplyBeforeCommit, rivals(FEW), ANSWERS_TRUE),
        (Mutant::RecallBeforeCommit, rivals(FEW), ANSWERS_TRUE),
        (Mutant::PostWithoutLookup, both_covered(), POSTED_ONCE),
        (Mutant::PostWithoutLookup, rivals(FEW), BALANCES),
        (Mutant::FenceWithoutLookup, rivals(FEW), RECORDS_STAY),
        (Mutant::IdsByFingerprint, lost_file(), OTHER_BODY),
        (Mutant::RecallWithoutFingerprint, lost_file(), ANSWERS_TRUE),
        (Mutant::FundsBeforeId, rivals(FEW), ANSWERS_AGREE),
        (Mutant::FundsOfSnapshot, rivals(FEW), NOT_NEGATIVE),
        (Mutant::DeclineWithoutRow, refill(), ANSWERS_AGREE),
        (Mutant::FenceWithoutRow, rivals(FEW), FENCED),
        (Mutant::CreditLater, rivals(FEW), SUM),
        (Mutant::AskBeforeCommit, rivals(FEW), KEPT),
        (Mutant::AskBeforeCommit, rivals(FEW), NOT_DISOWNED),
        (Mutant::GiveUpWithoutFence, rivals(FEW), FENCED),
        (Mutant::GiveUpWithoutFence, rivals(FEW), SERVICES_AGREE),
        (Mutant::KeyWithoutFingerprint, rivals(FEW), ANSWERS_TRUE),
        (Mutant::NoteWithoutFingerprint, refused(ONE_KEY), KEPT),
        (Mutant::NoteWithoutFingerprint, screened(), SERVICES_AGREE),
        (Mutant::NoteWithoutFingerprint, screened(), ANSWERS_TRUE),
        (Mutant::NoRecovery, rivals(FEW), RECOVERS),
        (Mutant::RecoveryForgets, rivals(FEW), KEPT),
    ];
    let mut found_by = BTreeSet::new();
    for (mutant, protocol, property) in findings {
        find(mutant, protocol, property);
        found_by.insert(property);
    }
    for property in properties::ALWAYS {
        assert!(
            found_by.contains(property.0),
            "found nothing: {}",
            property.0
        );
    }
}

/// Looks for a way in which a mutant breaks a property.
fn find(mutant: Mutant, protocol: Protocol, property: &'static str) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let protocol = Protocol {
        mutant: Some(mutant),
        ..protocol
    };
    let sought = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let checker = protocol.checker().finish_when(sought).spawn_bfs().join();
    let states = checker.unique_state_count();
    let Some(path) = checker.discovery(property) else {
        panic!("{mutant:?}: in {states} states nothing breaks: {property}");
    };
    println!("{mutant:?}: not so after {states} states: {property}");
    for step in path.into_actions() {
        println!("    {step:?}");
    }
}
