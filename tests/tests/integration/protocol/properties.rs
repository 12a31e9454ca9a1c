//! What must hold in every state, whatever was lost, doubled, or late.

use super::*;

/// A condition on every state.
pub type Condition = fn(&Protocol, &State) -> bool;

/// Names conditions, and lists them all.
macro_rules! always {
    ($($name:ident: $text:literal, $condition:expr;)+) => {
        $(pub const $name: &str = $text;)+

        pub const ALWAYS: &[(&str, Condition)] = &[$(($name, $condition)),+];
    };
}

always! {
    POSTED_ONCE: "no id is posted twice", |_, state| in_books(state, posted_once);
    SUM: "the sum of the balances stays", sum;
    NOT_NEGATIVE: "no balance is below zero", |_, state| in_books(state, not_negative);
    BALANCES: "the balances are what the records say", balances;
    RECORDS_STAY: "what A has recorded on disk never changes", records_stay;
    BURNT: "an id that is declined, denied, or cancelled never moves money",
        |_, state| in_books(state, burnt);
    OTHER_BODY: "another body under a taken key never moves money",
        |_, state| in_books(state, other_body);
    RESPONSES_TRUE: "every outcome in a response is on A's disk", responses_true;
    RESPONSES_AGREE: "all responses to one key and body have the same outcome", responses_agree;
    FIRST_ONCE: "at most one client of a transfer gets it as not repeated", first_once;
    NOT_DISOWNED: "no request gets both an outcome and idempotency_key_reused", not_disowned;
    REFUSED_WITHOUT_ROW: "a 404 leaves no row", refused_without_row;
    NOTHING_LATER: "T asks for no payment unless a client does", lookahead::nothing_later;
    JUDGED: "no money moves that the screening has not allowed", judged;
    DATE_ONCE: "no date is paid twice", |_, state| in_books(state, date_once);
    DATES_KEPT: "each date that is behind has a run on disk", dates_kept;
    RUN_FIRST: "A knows no attempt that T does not have on disk", run_first;
    RUNS_AGREE: "the outcome of a run is A's", runs_agree;
    DELETED: "after a 204 to DELETE nothing is posted", deleted;
    SERVED: "a client that retries gets its final response, and again the same", lookahead::served;
    RUNS_DECIDED: "a tick gives every run its outcome", lookahead::runs_decided;
    RETRY_JUDGED: "a further attempt is decided by the money of its time", lookahead::retry_judged;
}

/// What must hold in a protocol, and what must be seen in it.
pub fn of(protocol: &Protocol) -> Vec<Property<Protocol>> {
    let always = ALWAYS.iter();
    let always = always.map(|(name, condition)| Property::always(name, *condition));
    let sights = protocol.sights.iter();
    always
        .chain(sights.map(|(name, condition)| Property::sometimes(name, *condition)))
        .collect()
}

/// Whether something holds of what the next turn sees, and of what is on disk.
fn in_books(state: &State, holds: impl Fn(&Books) -> bool) -> bool {
    holds(&state.account.now) && holds(&state.account.durable)
}

/// How often an id has moved money.
fn times_moved(books: &Books, id: Id) -> u8 {
    let transfers = Transfer::all().filter(|transfer| transfer.id() == id);
    let times = transfers.map(|transfer| books.moved[transfer.number() as usize]);
    times.sum()
}

fn posted_once(books: &Books) -> bool {
    Id::all().all(|id| times_moved(books, id) <= 1)
}

fn sum(protocol: &Protocol, state: &State) -> bool {
    let total = |balances: Amounts| balances.iter().sum::<i8>();
    in_books(state, |books| {
        total(books.balances) == total(protocol.opening)
    })
}

fn not_negative(books: &Books) -> bool {
    books.balances.iter().all(|balance| *balance >= 0)
}

fn balances(protocol: &Protocol, state: &State) -> bool {
    in_books(state, |books| {
        let is_posted = |transfer: &Transfer| {
            let outcome = Outcome::Posted;
            let body = transfer.body();
            books.record(transfer.id()) == Some(Record { body, outcome })
        };
        let mut expected = protocol.opening;
        for transfer in Transfer::all().filter(is_posted) {
            let legs = protocol.terms(transfer).legs;
            for (balance, leg) in expected.iter_mut().zip(legs) {
                *balance += leg;
            }
        }
        books.balances == expected
    })
}

fn records_stay(_: &Protocol, state: &State) -> bool {
    state.history.first == state.account.durable.records
}

fn burnt(books: &Books) -> bool {
    Id::all().all(|id| {
        let may_move = matches!(books.outcome(id), None | Some(Outcome::Posted));
        may_move || times_moved(books, id) == 0
    })
}

fn other_body(books: &Books) -> bool {
    books.all_moved().all(|transfer| {
        let record = books.record(transfer.id());
        record.is_some_and(|record| record.body == transfer.body())
    })
}

fn responses_true(_: &Protocol, state: &State) -> bool {
    let durable = &state.account.durable;
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
    Key::all().all(|key| {
        let is_first = |response: &Response| {
            let has_key = response.request.payment.key == key;
            has_key && matches!(response.returned, Returned::Recorded(posting) if !posting.repeated)
        };
        let responses = state.network.responses.members();
        responses.filter(is_first).count() <= 1
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
            in_books(state, |books| {
                let record = books.record(Id::Key(key));
                record.is_none_or(|record| record.body != body)
            })
        })
}

fn judged(protocol: &Protocol, state: &State) -> bool {
    let allowed = state.history.allowed;
    let are_allowed = |books: &Books| books.all_moved().all(|transfer| allowed.has(transfer));
    !protocol.screening || in_books(state, are_allowed)
}

fn date_once(books: &Books) -> bool {
    Date::all().all(|date| {
        let paid = posted_attempts(books).members();
        paid.filter(|attempt| attempt.date == date).count() <= 1
    })
}

fn dates_kept(_: &Protocol, state: &State) -> bool {
    let schedule = &state.transaction.store.durable;
    schedule.runs.iter().flatten().count() == schedule.dates_behind as usize
}

fn run_first(_: &Protocol, state: &State) -> bool {
    let runs = &state.transaction.store.durable.runs;
    let books = &state.account.now;
    Attempt::all()
        .filter(|attempt| books.record(Id::Attempt(*attempt)).is_some())
        .all(|Attempt { date, round }| {
            runs[date as usize].is_some_and(|run| run.round as usize >= round as usize)
        })
}

/// A run whose accounts are not found may be cancelled by a `DELETE` that comes at the same time.
fn runs_agree(protocol: &Protocol, state: &State) -> bool {
    let store = &state.transaction.store;
    let durable = &state.account.durable;
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
    in_books(state, |books| {
        posted_then.is_none_or(|posted: Set<_>| posted.has_all(posted_attempts(books)))
    })
}
