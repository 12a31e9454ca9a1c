//! The protocol by which money moves, between a client, the transaction service (T), and the
//! account service (A), looked at in every state that it can come to.
//!
//! Goal: the ledger alone decides and remembers. Whatever is lost, doubled, late, or dead, and
//! whenever: no id is posted twice; no money appears or vanishes; what a response says of an id is
//! on A's disk and stays there; another body under a taken key never moves money; what A refuses
//! leaves no row, and T does nothing of it later; after a 204 to `DELETE` a standing order posts
//! nothing. A client that retries gets its final response, and every run of a standing order its
//! outcome.
//!
//! Method: a model in `stateright`. Read in this order: [`words`], [`network`], [`store`] (group
//! commit), [`transaction`], [`screening`], [`account`], [`model`] (the steps), [`properties`]
//! and [`lookahead`] (what must hold), [`scenario`] (who sends what). A step of the model is a step
//! of the code, which its comment names: a turn at a store's writer, a group commit, a message that
//! arrives. [`mutant`] lists protocols that are wrong in one place: each must be found, and each
//! property must find one.
//!
//! What is exhaustive: every order of steps, for two clients and two idempotency keys with two
//! bodies each, which are transfers or postings of several legs, or for a standing order with two
//! dates, or two attempts at one, which a client deletes and another payment competes with; with
//! any number of crashes (of T, of A, of the process of both) and failed group commits at any
//! moment, of retries, ticks, and handlers at once; with any verdict of a screening, each time
//! another; and with any loss, doubling, and reordering of messages. None of these needs a bound:
//! a message that was sent stays, to arrive again; a crash only takes away; and equal handlers are
//! one. A date is due at any time.
//!
//! What it leaves out: batches, holds, and reversals, which the same steps post; the making of a
//! schedule, which is one row in one commit; a third attempt, which is to the second what that is
//! to the first; accounts that come to be while a request for them is under way; the loss of A's
//! own file, which is the truth. More clients add nothing, as T does not tell its clients apart.
//! Two states with the same hash of 64 bits would be taken for one: among 7 million states, with a
//! probability of 1 in 700,000.

mod account;
mod history;
mod lookahead;
mod model;
mod mutant;
mod network;
mod properties;
mod scenario;
mod screening;
mod set;
mod store;
mod transaction;
mod words;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Instant;

use stateright::{Checker, Expectation, HasDiscoveries, Model, Property};
use strongroom_tests::scale::short_or_full;

use account::*;
use history::*;
use model::*;
use mutant::*;
use network::*;
use properties::*;
use scenario::*;
use screening::*;
use set::*;
use store::*;
use transaction::*;
use words::*;

/// A check uses all cores.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What each of them is about, [`scenario`] says.
#[test]
fn every_state_of_every_protocol_has_the_properties() {
    check("rivals", rivals(short_or_full(MANY, ALL)));
    check("both covered", both_covered(short_or_full(FEW, ALL)));
    check("split", split(short_or_full(FEW, MANY)));
    check("refill", refill(short_or_full(FEW, MANY)));
    check("refused", refused(short_or_full(FEW, MANY)));
    check("screened", screened(short_or_full(TWO_BODIES, FEW)));
    check("dates", dates(ONE));
    check("retried", retried(short_or_full(ONE, TWO_BODIES)));
    check("lost account", lost_account());
    check("screened dates", screened_dates());
}

/// Goes through all states.
fn check(name: &str, protocol: Protocol) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let began = Instant::now();
    let threads = available_parallelism().map_or(1, usize::from);
    let checker = protocol.checker().threads(threads).spawn_bfs().join();
    let (states, steps) = (checker.unique_state_count(), checker.state_count());
    let (depth, took) = (checker.max_depth(), began.elapsed());
    println!("{name}: {states} states, {steps} steps between them, depth {depth}, in {took:.1?}");
    assert!(checker.is_done(), "{name}: there are more states");
    for property in checker.model().properties() {
        let found = checker.discovery(property.name);
        if property.expectation == Expectation::Sometimes {
            assert!(found.is_some(), "{name}: never seen: {}", property.name);
        } else if let Some(path) = found {
            let state = path.last_state().to_owned();
            panic!("{name}: not so: {}\n{path}{state:#?}", property.name);
        }
    }
}

/// Looks for a way in which each mutant breaks its property.
#[test]
fn whatever_is_wrong_on_purpose_is_found_and_each_property_finds_something() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut found_by = BTreeSet::new();
    for (mutant, mut protocol, property) in findings() {
        protocol.mutant = Some(mutant);
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
        found_by.insert(property);
    }
    for (property, _) in ALWAYS {
        assert!(found_by.contains(property), "found nothing: {property}");
    }
}
