//! What comes of a state when nothing more goes wrong.
//!
//! Stateright's own `eventually` overlooks cycles, and here each try may be in vain, as its
//! messages may be lost. So these properties ask instead, in every state: if all messages under way
//! are lost, and all services are up, does one try whose messages arrive succeed? As it does from
//! everywhere, no client and no tick fails without end that tries again until its messages arrive.
//! Each property asks it twice: for the state as it is, and as it is after the process has died.

use super::*;

/// The states to begin with: all messages are lost, and the open groups are committed.
fn quiet(protocol: &Protocol, state: &State) -> [State; 2] {
    let crashed = protocol.after(*state, Step::ProcessDies);
    [*state, crashed].map(|mut state| {
        state = protocol.after_all(state, [Step::CommitAccount, Step::CommitTransaction]);
        silence(&mut state);
        state
    })
}

/// All messages under way are lost.
fn silence(state: &mut State) {
    state.network = Network::default();
    state.history.deleted = None;
}

/// Whether T's tick, while clients are silent, asks A for standing orders alone.
pub fn nothing_later(protocol: &Protocol, state: &State) -> bool {
    quiet(protocol, state).into_iter().all(|state| {
        let state = protocol.after(state, Step::Tick);
        let mut calls = state.network.calls.members();
        calls.all(|call| matches!(call.caller, Caller::Order(_)))
    })
}

/// Whether each client gets its final response, and the same once more.
pub fn served(protocol: &Protocol, state: &State) -> bool {
    quiet(protocol, state).into_iter().all(|state| {
        let mut requests = protocol.requests.iter();
        let are_served = requests.all(|request| {
            let mut state = state;
            let response = serve(protocol, &mut state, *request);
            silence(&mut state);
            let again = serve(protocol, &mut state, *request);
            match (response, again) {
                (Some(Returned::Recorded(posting)), Some(Returned::Recorded(again))) => {
                    posting.outcome == again.outcome && again.repeated
                }
                (Some(refused), Some(again)) => refused == again,
                _ => false,
            }
        });
        are_served && (protocol.order.is_none() || is_deleted(protocol, state))
    })
}

/// A `POST` whose messages all arrive.
fn serve(protocol: &Protocol, state: &mut State, request: Request) -> Option<Returned> {
    *state = protocol.after(*state, Step::Submit(request));
    *state = carry(protocol, *state);
    let mut responses = state.network.responses.members();
    let response = responses.find(|response| response.request == request)?;
    Some(response.returned)
}

/// A `DELETE` whose messages all arrive: whether it returns 204.
fn is_deleted(protocol: &Protocol, mut state: State) -> bool {
    state = protocol.after_all(state, [Step::Delete, Step::CommitTransaction]);
    state = carry(protocol, state);
    state = protocol.after(state, Step::CommitTransaction);
    state.history.deleted.is_some()
}

/// Whether one tick leaves no run open.
pub fn runs_decided(protocol: &Protocol, state: &State) -> bool {
    quiet(protocol, state).into_iter().all(|state| {
        let state = tick(protocol, state);
        state.transaction.store.durable.open().is_empty()
    })
}

/// Whether a second attempt that begins now is posted if the money is there, and only then.
pub fn retry_judged(protocol: &Protocol, state: &State) -> bool {
    quiet(protocol, state).into_iter().all(|state| {
        let schedule = &state.transaction.store.durable;
        let is_retrying = |date: &Date| {
            let run = schedule.runs[*date as usize];
            run.is_some_and(|run| run.state == RunState::Retrying) && !schedule.has_ended
        };
        // No other run is to take the money first.
        let is_alone = schedule.open().is_empty();
        !is_alone
            || Date::all().filter(is_retrying).all(|date| {
                let round = Round::Second;
                let terms = protocol.terms(Transfer::Attempt(Attempt { date, round }));
                let expected = match state.account.durable.covers(terms) {
                    true => Outcome::Posted,
                    false => Outcome::Declined,
                };
                let retry = [Step::Retry(date), Step::CommitTransaction];
                let state = protocol.after_all(state, retry);
                let run = tick(protocol, state).transaction.store.durable.runs[date as usize];
                let state = RunState::Decided(expected);
                run == Some(Run { round, state })
            })
    })
}

/// A tick whose messages all arrive.
fn tick(protocol: &Protocol, mut state: State) -> State {
    state = protocol.after(state, Step::Tick);
    state = carry(protocol, state);
    protocol.after(state, Step::CommitTransaction)
}

/// Takes all calls to A, and all replies back. The screening allows all.
fn carry(protocol: &Protocol, mut state: State) -> State {
    for call in state.network.calls.members() {
        let step = match protocol.is_screened(call) {
            true => Step::Judge(call.caller, Verdict::Allowed),
            false => Step::Take(call),
        };
        state = protocol.after(state, step);
    }
    let screened = state.network.screened.members().map(Step::Take);
    state = protocol.after_all(state, screened.chain([Step::CommitAccount]));
    for reply in state.network.replies.members() {
        let returned = reply.returned;
        match reply.caller {
            Caller::Handler(request) => {
                state = protocol.after(state, Step::Respond(request, returned));
            }
            Caller::Order(attempt) => {
                let note = Step::Note(attempt, returned, false);
                state = protocol.after_all(state, [Step::Hear(attempt, returned), note]);
            }
        }
    }
    state
}
