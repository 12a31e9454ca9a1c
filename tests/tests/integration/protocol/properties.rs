//! What must hold in every state, whatever was lost, doubled, or late.

use stateright::Property;

use crate::protocol::account::{Books, Record};
use crate::protocol::history::posted_attempts;
use crate::protocol::lookahead;
use crate::protocol::model::{Amounts, Protocol, State};
use crate::protocol::set::{Member, Set};
use crate::protocol::transaction::RunState;
use crate::protocol::words::{
    Attempt, Date, Id, Key, Outcome, Payment, Posting, Refusal, Request, Response, Returned,
    Transfer,
};

pub const POSTED_ONCE: &str = "no id is posted twice";
pub const SUM: &str = "the sum of the balances stays";
pub const NOT_NEGATIVE: &str = "no balance is below zero";
pub const BALANCES: &str = "the balances are what the records say";
pub const RECORDS_STAY: &str = "what A has recorded on disk never changes";
pub const BURNT: &str = "an id that is declined, denied, or cancelled never moves money";
pub const OTHER_BODY: &str = "another body under a taken key never moves money";
pub const RESPONSES_TRUE: &str = "every outcome in a response is on A's disk";
pub const RESPONSES_AGREE: &str = "all responses to one key and body have the same outcome";
pub const FIRST_ONCE: &str = "at most one client of a transfer gets it as not repeated";
pub const NOT_DISOWNED: &str = "no request gets both an outcome and idempotency_key_reused";
pub const REFUSED_WITHOUT_ROW: &str = "a 404 leaves no row";
pub const NOTHING_LATER: &str = "T asks for no payment unless a client does";
pub const JUDGED: &str = "no money moves that the screening has not allowed";
pub const DATE_ONCE: &str = "no date is paid twice";
pub const DATES_KEPT: &str = "each date that is behind has a run on disk";
pub const RUN_FIRST: &str = "A knows no attempt that T does not have on disk";
pub const RUNS_AGREE: &str = "the outcome of a run is A's";
pub const DELETED: &str = "after a 204 to DELETE nothing is posted";
pub const SERVED: &str = "a client that retries gets its final response, and again the same";
pub const RUNS_DECIDED: &str = "a tick gives every run its outcome";
pub const RETRY_JUDGED: &str = "a further attempt is decided by the money of its time";

/// A condition on every state.
pub type Condition = fn(&Protocol, &State) -> bool;

/// All of them, by their names.
pub const ALWAYS: &[(&str, Condition)] = &[
    (POSTED_ONCE, posted_once),
    (SUM, sum),
    (NOT_NEGATIVE, not_negative),
    (BALANCES, balances),
    (RECORDS_STAY, records_stay),
    (BURNT, burnt),
    (OTHER_BODY, other_body),
    (RESPONSES_TRUE, responses_true),
    (RESPONSES_AGREE, responses_agree),
    (FIRST_ONCE, first_once),
    (NOT_DISOWNED, not_disowned),
    (REFUSED_WITHOUT_ROW, refused_without_row),
    (NOTHING_LATER, lookahead::nothing_later),
    (JUDGED, judged),
    (DATE_ONCE, date_once),
    (DATES_KEPT, dates_kept),
    (RUN_FIRST, run_first),
    (RUNS_AGREE, runs_agree),
    (DELETED, deleted),
    (SERVED, lookahead::served),
    (RUNS_DECIDED, lookahead::runs_decided),
    (RETRY_JUDGED, lookahead::retry_judged),
];

/// What must hold in a protocol, and what must be seen in it.
pub fn of(protocol: &Protocol) -> Vec<Property<Protocol>> {
    let always = ALWAYS.iter();
    let always = always.map(|(name, condition)| Property::always(name, *condition));
    let sights = protocol.sights.iter();
    always
        .chain(sights.map(|(name, condition)| Property::sometimes(name, *condition)))
        .collect()
}

/// What the next turn sees, and what is on disk.
fn all_books(state: &State) -> [&Books; 2] {
    let store = &state.account.store;
    [&store.now, &store.durable]
}

/// The transfers that may take an id.
fn transfers(id: Id) -> impl Iterator<Item = Transfer> {
    Transfer::all().filter(move |transfer| match (transfer, id) {
        (Transfer::Payment(payment), Id::Key(key)) => payment.key == key,
        (Transfer::Attempt(attempt), Id::Attempt(other)) => *attempt == other,
        _ => false,
    })
}

/// How often an id has moved money.
fn times_moved(books: &Books, id: Id) -> u8 {
    let times = transfers(id).map(|transfer| books.moved[transfer.number() as usize]);
    times.sum()
}

fn posted_once(_: &Protocol, state: &State) -> bool {
    all_books(state)
        .iter()
        .all(|books| Id::all().all(|id| times_moved(books, id) <= 1))
}

fn sum(protocol: &Protocol, state: &State) -> bool {
    let total = |balances: Amounts| balances.iter().sum::<i8>();
    all_books(state)
        .iter()
        .all(|books| total(books.balances) == total(protocol.opening))
}

fn not_negative(_: &Protocol, state: &State) -> bool {
    all_books(state)
        .iter()
        .all(|books| books.balances.iter().all(|balance| *balance >= 0))
}

fn balances(protocol: &Protocol, state: &State) -> bool {
    all_books(state).iter().all(|books| {
        let mut expected = protocol.opening;
        for id in Id::all() {
            let posted = books.record(id).and_then(|record| {
                let mut transfers = transfers(id);
                let transfer = transfers.find(|transfer| transfer.body() == record.body)?;
                (record.outcome == Outcome::Posted).then_some(transfer)
            });
            if let Some(transfer) = posted {
                let legs = protocol.terms(transfer).legs;
                for (balance, leg) in expected.iter_mut().zip(legs) {
                    *balance += leg;
                }
            }
        }
        books.balances == expected
    })
}

fn records_stay(_: &Protocol, state: &State) -> bool {
    state.history.first == state.account.store.durable.records
}

fn burnt(_: &Protocol, state: &State) -> bool {
    all_books(state).iter().all(|books| {
        Id::all().all(|id| {
            let is_burnt = books
                .outcome(id)
                .is_some_and(|outcome| outcome != Outcome::Posted);
            !is_burnt || times_moved(books, id) == 0
        })
    })
}

fn other_body(_: &Protocol, state: &State) -> bool {
    all_books(state).iter().all(|books| {
        Id::all().all(|id| {
            let recorded = books.record(id).map(|record| record.body);
            transfers(id).all(|transfer| {
                let has_moved = books.moved[transfer.number() as usize] > 0;
                !has_moved || recorded == Some(transfer.body())
            })
        })
    })
}

fn responses_true(_: &Protocol, state: &State) -> bool {
    let durable = &state.account.store.durable;
    let mut responses = state.network.responses.members();
    responses.all(|Response { request, returned }| {
        let Some(outcome) = returned.outcome() else {
            return true;
        };
        let Payment { key, body } = request.payment;
        durable.record(Id::Key(key)) == Some(Record { body, outcome })
    })
}

/// What the clients of a payment got.
fn returned(state: &State, payment: Payment) -> impl Iterator<Item = Returned> {
    let responses = state.network.responses.members();
    responses
        .filter(move |response| response.request.payment == payment)
        .map(|response| response.returned)
}

fn responses_agree(_: &Protocol, state: &State) -> bool {
    Payment::all().all(|payment| {
        let mut outcomes = returned(state, payment).filter_map(Returned::outcome);
        let first = outcomes.next();
        outcomes.all(|outcome| Some(outcome) == first)
    })
}

fn first_once(_: &Protocol, state: &State) -> bool {
    let is_first = |request: &Request| {
        Outcome::all().any(|outcome| {
            let returned = Returned::Recorded(Posting {
                outcome,
                repeated: false,
            });
            let response = Response {
                request: *request,
                returned,
            };
            state.network.responses.has(response)
        })
    };
    Key::all().all(|key| {
        let of_key = |request: &Request| request.payment.key == key;
        Request::all().filter(of_key).filter(is_first).count() <= 1
    })
}

fn not_disowned(_: &Protocol, state: &State) -> bool {
    Payment::all().all(|payment| {
        let has_outcome = returned(state, payment).any(|returned| returned.outcome().is_some());
        let reused = Returned::Refused(Refusal::IdReused);
        !has_outcome || !returned(state, payment).any(|returned| returned == reused)
    })
}

/// Nor a row of A's next turn.
fn refused_without_row(_: &Protocol, state: &State) -> bool {
    let not_found = Returned::Refused(Refusal::NotFound);
    Payment::all()
        .filter(|payment| returned(state, *payment).any(|returned| returned == not_found))
        .all(|Payment { key, body }| {
            let mut all_books = all_books(state).into_iter();
            let id = Id::Key(key);
            all_books.all(|books| books.record(id).is_none_or(|record| record.body != body))
        })
}

fn judged(protocol: &Protocol, state: &State) -> bool {
    let allowed = state.history.allowed;
    !protocol.screening
        || all_books(state).iter().all(|books| {
            let has_moved = |transfer: &Transfer| books.moved[transfer.number() as usize] > 0;
            Transfer::all()
                .filter(has_moved)
                .all(|transfer| allowed.has(transfer))
        })
}

fn date_once(_: &Protocol, state: &State) -> bool {
    all_books(state).iter().all(|books| {
        let dates = posted_attempts(books).members();
        let mut paid = [0; Date::COUNT as usize];
        for attempt in dates {
            paid[attempt.date as usize] += 1;
        }
        paid.iter().all(|times| *times <= 1)
    })
}

fn dates_kept(_: &Protocol, state: &State) -> bool {
    let schedule = &state.transaction.store.durable;
    schedule.runs.iter().flatten().count() == schedule.dates_behind as usize
}

fn run_first(_: &Protocol, state: &State) -> bool {
    let runs = &state.transaction.store.durable.runs;
    let books = &state.account.store.now;
    Attempt::all()
        .filter(|attempt| books.record(Id::Attempt(*attempt)).is_some())
        .all(|Attempt { date, round }| {
            runs[date as usize].is_some_and(|run| run.round as usize >= round as usize)
        })
}

/// A run whose accounts are not found may be cancelled by a `DELETE` that comes at the same time.
fn runs_agree(protocol: &Protocol, state: &State) -> bool {
    let store = &state.transaction.store;
    let durable = &state.account.store.durable;
    [store.now, store.durable].iter().all(|schedule| {
        Date::all().all(|date| {
            let Some(run) = schedule.runs[date as usize] else {
                return true;
            };
            let round = run.round;
            let attempt = Transfer::Attempt(Attempt { date, round });
            let recorded = durable.outcome(protocol.id(attempt));
            match run.state {
                RunState::Open => true,
                RunState::Decided(outcome) => recorded == Some(outcome),
                RunState::Retrying => recorded == Some(Outcome::Declined),
                RunState::Refused => recorded.is_none_or(|outcome| outcome == Outcome::Cancelled),
            }
        })
    })
}

fn deleted(_: &Protocol, state: &State) -> bool {
    let posted_then = state.history.deleted;
    all_books(state).iter().all(|books| {
        posted_then.is_none_or(|posted: Set<_>| posted.has_all(posted_attempts(books)))
    })
}
