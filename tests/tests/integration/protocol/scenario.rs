//! Who sends what, and what there is to be seen.

use super::*;

use Body::{Other, Right};
use Client::{Laptop, Phone};
use Key::{One, Two};
use Outcome::{Cancelled, Declined, Denied, Posted};

/// Something that must be seen, so that no property holds for want of events.
pub type Sight = (&'static str, fn(&Protocol, &State) -> bool);

/// Who sends what.
pub type Requests = &'static [(Client, Key, Body)];

/// Both devices send both transfers; the laptop also sends another body under each key.
pub const ALL: Requests = &[
    (Phone, One, Right),
    (Laptop, One, Other),
    (Laptop, One, Right),
    (Laptop, Two, Right),
    (Phone, Two, Right),
    (Laptop, Two, Other),
];

/// The same, and another body under one key only.
pub const MANY: Requests = ALL.split_at(5).0;

/// One key with two bodies, and another transfer.
pub const FEW: Requests = ALL.split_at(4).0;

/// Both devices send one transfer; the laptop also sends another body under its key.
pub const TWO_BODIES: Requests = ALL.split_at(3).0;

/// One key, with a body by each device.
pub const ONE_KEY: Requests = ALL.split_at(2).0;

pub const ONE: Requests = ALL.split_at(1).0;

/// The money is enough for one of two transfers; with the other body, a transfer costs less.
pub fn rivals(requests: Requests) -> Protocol {
    let requests = requests.iter().map(|&(client, key, body)| Request {
        client,
        payment: Payment { key, body },
    });
    Protocol {
        requests: requests.collect(),
        terms: [[moves([-2, 2, 0]), moves([-1, 1, 0])]; 2],
        order: None,
        opening: [3, 0, 0],
        screening: false,
        mutant: None,
        sights: &[
            ("one is posted, the other declined", |_, state| {
                has_recorded(state, One, Posted) && has_recorded(state, Two, Declined)
            }),
            ("two devices learn of one posting", |_, state| {
                let first = Returned::recorded(Posted, false);
                let repeated = Returned::recorded(Posted, true);
                has_response(state, Phone, One, Right, first)
                    && has_response(state, Laptop, One, Right, repeated)
            }),
            ("the other body is first, the right refused", |_, state| {
                has_response(state, Phone, One, Right, REUSED) && has_recorded(state, One, Posted)
            }),
            ("one is lost, and the other takes the money", |_, state| {
                state.network.calls.members().count() > 1
                    && state.account.now.record(Id::Key(One)).is_none()
                    && has_recorded(state, Two, Posted)
            }),
        ],
    }
}

pub fn both_covered(requests: Requests) -> Protocol {
    Protocol {
        opening: [5, 0, 0],
        sights: &[("both are posted", |_, state| {
            Key::all().all(|key| has_recorded(state, key, Posted))
        })],
        ..rivals(requests)
    }
}

/// Two postings of several legs: one debit that pays two credits, and two debits of which the
/// second lacks the money until the first has come. With the other body, two legs are exchanged.
pub fn split(requests: Requests) -> Protocol {
    Protocol {
        terms: [
            [moves([-3, 2, 1]), moves([-3, 1, 2])],
            [moves([2, -1, -1]), moves([2, -2, 0])],
        ],
        opening: [3, 1, 0],
        sights: &[
            ("all legs of both are posted", |_, state| {
                Key::all().all(|key| has_recorded(state, key, Posted))
            }),
            ("the first is posted, the second declined", |_, state| {
                has_recorded(state, One, Posted) && has_recorded(state, Two, Declined)
            }),
        ],
        ..rivals(requests)
    }
}

/// The first transfer is not covered until the second has brought money.
pub fn refill(requests: Requests) -> Protocol {
    let mut protocol = rivals(requests);
    protocol.terms[Two as usize] = [moves([2, -2, 0]); 2];
    Protocol {
        opening: [1, 2, 0],
        sights: &[
            ("one is declined, and would be covered now", |_, state| {
                has_recorded(state, One, Declined) && has_recorded(state, Two, Posted)
            }),
            ("one is posted, as the money came in time", |_, state| {
                let record = state.account.durable.record(Id::Key(One));
                has_recorded(state, One, Posted)
                    && record.is_some_and(|record| record.body == Right)
            }),
        ],
        ..protocol
    }
}

/// The other body names an account that there is not: A refuses it, and the key is still free.
pub fn refused(requests: Requests) -> Protocol {
    let mut protocol = rivals(requests);
    protocol.terms[One as usize][Other as usize].found = false;
    Protocol {
        sights: &[
            ("one body is refused, then one is posted", |_, state| {
                has_response(state, Laptop, One, Other, NOT_FOUND)
                    && has_recorded(state, One, Posted)
            }),
            ("a refused body comes again, to a taken key", |_, state| {
                has_response(state, Laptop, One, Other, NOT_FOUND)
                    && has_response(state, Laptop, One, Other, REUSED)
            }),
        ],
        ..protocol
    }
}

/// A screening stands before A: it may allow, deny, or give no verdict.
pub fn screened(requests: Requests) -> Protocol {
    Protocol {
        screening: true,
        sights: &[
            ("one is allowed and denied, and posted", |_, state| {
                has_recorded(state, One, Posted) && state.network.screened.members().count() > 1
            }),
            ("one is denied", |_, state| has_recorded(state, One, Denied)),
            ("one is allowed too late", |_, state| {
                has_recorded(state, One, Denied) && !state.history.allowed.is_empty()
            }),
        ],
        ..rivals(requests)
    }
}

/// A standing order of two dates, which a client's payment may leave without money.
pub fn dates(requests: Requests) -> Protocol {
    Protocol {
        order: Some(StandingOrder {
            terms: moves([-1, 1, 0]),
            dates: 2,
            retries: false,
        }),
        sights: &[
            ("both dates are paid", |_, state| {
                Date::all().all(|date| decided(state, date) == Some(Posted))
            }),
            ("one date is paid, the other cancelled", |_, state| {
                decided(state, Date::First) == Some(Posted)
                    && decided(state, Date::Second) == Some(Cancelled)
            }),
            ("a date is declined", |_, state| {
                decided(state, Date::First) == Some(Declined)
            }),
            ("T forgets a cancelled run after the 204", |_, state| {
                let schedule = &state.transaction.store.durable;
                state.history.deleted.is_some() && schedule.has_ended && !schedule.open().is_empty()
            }),
            ("a date was paid before the 204", |_, state| {
                let posted = state.history.deleted;
                posted.is_some_and(|posted| !posted.is_empty())
            }),
        ],
        ..rivals(requests)
    }
}

/// A standing order of one date, which is tried again when a client's payment brings money.
pub fn retried(requests: Requests) -> Protocol {
    Protocol {
        terms: [[moves([2, -2, 0]); 2]; 2],
        order: Some(StandingOrder {
            terms: moves([-1, 1, 0]),
            dates: 1,
            retries: true,
        }),
        opening: [0, 2, 0],
        sights: &[
            ("the second attempt is paid", |_, state| {
                first_date(state, Round::Second) == Some(RunState::Decided(Posted))
            }),
            ("the second attempt is cancelled", |_, state| {
                first_date(state, Round::Second) == Some(RunState::Decided(Cancelled))
            }),
            ("a late note retries an ended schedule", |_, state| {
                let schedule = &state.transaction.store.durable;
                let is_open = first_date(state, Round::Second) == Some(RunState::Open);
                let outcome = first_outcome(state, Round::Second);
                let is_deleted = state.history.deleted.is_some();
                schedule.has_ended && is_open && outcome.is_none() && is_deleted
            }),
        ],
        ..rivals(requests)
    }
}

/// A standing order of which A does not find an account.
pub fn lost_account() -> Protocol {
    let mut protocol = dates(&[]);
    if let Some(order) = &mut protocol.order {
        order.terms.found = false;
    }
    Protocol {
        sights: &[
            ("one date is refused, the other cancelled", |_, state| {
                first_date(state, Round::First) == Some(RunState::Refused)
                    && decided(state, Date::Second) == Some(Cancelled)
            }),
            ("a date is refused and then cancelled", |_, state| {
                first_date(state, Round::First) == Some(RunState::Refused)
                    && first_outcome(state, Round::First) == Some(Cancelled)
            }),
        ],
        ..protocol
    }
}

/// A screening stands between a standing order and A.
pub fn screened_dates() -> Protocol {
    Protocol {
        screening: true,
        sights: &[
            ("one date is denied, the other paid", |_, state| {
                decided(state, Date::First) == Some(Denied)
                    && decided(state, Date::Second) == Some(Posted)
            }),
            ("one date is cancelled, and allowed later", |_, state| {
                decided(state, Date::First) == Some(Cancelled) && !state.history.allowed.is_empty()
            }),
        ],
        ..dates(&[])
    }
}

const NOT_FOUND: Returned = Returned::Refused(Refusal::NotFound);
const REUSED: Returned = Returned::Refused(Refusal::IdReused);

fn moves(legs: Amounts) -> Terms {
    Terms { legs, found: true }
}

fn has_recorded(state: &State, key: Key, outcome: Outcome) -> bool {
    state.account.durable.outcome(Id::Key(key)) == Some(outcome)
}

fn has_response(state: &State, client: Client, key: Key, body: Body, returned: Returned) -> bool {
    let payment = Payment { key, body };
    let request = Request { client, payment };
    state.network.responses.has(Response { request, returned })
}

/// What T knows of a date.
fn decided(state: &State, date: Date) -> Option<Outcome> {
    match state.transaction.store.durable.runs[date as usize]?.state {
        RunState::Decided(outcome) => Some(outcome),
        RunState::Open | RunState::Retrying | RunState::Refused => None,
    }
}

/// What T knows of the first date, if this is the latest attempt at it.
fn first_date(state: &State, round: Round) -> Option<RunState> {
    let run = state.transaction.store.durable.runs[Date::First as usize]?;
    (run.round == round).then_some(run.state)
}

/// What A has recorded of an attempt at the first date.
fn first_outcome(state: &State, round: Round) -> Option<Outcome> {
    let date = Date::First;
    let id = Id::Attempt(Attempt { date, round });
    state.account.durable.outcome(id)
}
