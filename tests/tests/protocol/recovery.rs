//! What recovery comes to when nothing more goes wrong.
//!
//! Stateright's own `eventually` overlooks cycles, and here every sweep may be in vain, as its messages may be lost. So this is asked
//! instead, in every state: does one sweep whose messages arrive close every intent? As it does from everywhere, whatever else happens
//! before and in between, no run can avoid it for ever in which such a sweep comes at last.

use crate::protocol::{Fault, Protocol, State, Step};
use crate::transaction::Intent;
use crate::words::{Ask, Call, Key, Reply, Said, Wish};

/// Whether such a sweep leaves no intent open, if it comes now, or if everything dies now and it comes then; and whatever its clock says
/// of each intent's deadline.
pub fn settles(protocol: &Protocol, state: &State) -> bool {
    let crashed = protocol.after(*state, Step::Fail(Fault::ProcessDies));
    settles_from(protocol, *state) && settles_from(protocol, crashed)
}

fn settles_from(protocol: &Protocol, state: State) -> bool {
    let state = protocol.after(state, Step::CommitAccount);
    let state = protocol.after(state, Step::CommitTransaction);
    Wish::ALL.iter().all(|first| {
        Wish::ALL.iter().all(|second| {
            let state = sweep(protocol, state, Key::One, *first);
            let state = sweep(protocol, state, Key::Two, *second);
            let is_open = |intent: &Option<Intent>| matches!(intent, Some(Intent::Accepted(_)));
            !state.transaction.store.durable.iter().any(is_open)
        })
    })
}

/// A sweep's work on one intent: it asks for its wish, is heard, hears the reply, and commits its note.
fn sweep(protocol: &Protocol, mut state: State, key: Key, wish: Wish) -> State {
    let Some(Intent::Accepted(body)) = state.transaction.store.durable[key as usize] else {
        return state;
    };
    let ask = Ask { key, body };
    state = protocol.after(state, Step::Sweep(key));
    if wish == Wish::Fence && state.transaction.asking.has(ask) {
        state = protocol.after(state, Step::GiveUp(ask));
    }
    let call = Call { ask, wish };
    if state.network.calls.has(call) {
        state = protocol.after(state, Step::Take(call));
    }
    state = protocol.after(state, Step::CommitAccount);
    for said in Said::ALL {
        let reply = Reply { ask, said: *said };
        if state.network.replies.has(reply) {
            state = protocol.after(state, Step::Hear(reply));
        }
    }
    protocol.after(state, Step::CommitTransaction)
}
