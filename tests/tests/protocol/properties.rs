//! What must hold in every state, whatever was lost, doubled, or late.

use stateright::Property;

use crate::account::Books;
use crate::protocol::{Protocol, State};
use crate::recovery;
use crate::transaction::Intent;
use crate::words::{Answer, Ask, Body, Call, Client, Key, Reply, Request, Said, Wish};

pub const POSTED_ONCE: &str = "no transfer id is posted twice";
pub const SUM: &str = "the sum of the balances stays";
pub const NOT_NEGATIVE: &str = "no balance is below zero";
pub const BALANCES: &str = "the balances are what the records say";
pub const RECORDS_STAY: &str = "what A has recorded on disk never changes";
pub const ANSWERS_TRUE: &str = "every outcome that a client was told is on A's disk";
pub const ANSWERS_AGREE: &str = "all outcomes told for one key and body are the same";
pub const NOT_DISOWNED: &str = "nobody is told both an outcome and that the key is another's";
pub const OTHER_BODY: &str = "another body under a taken key never moves money";
pub const FENCED: &str = "what was given up never moves money";
pub const SERVICES_AGREE: &str = "a final intent has A's outcome";
pub const KEPT: &str = "what T has asked of A it keeps until A has recorded or refused it";
pub const RECOVERS: &str = "recovery leaves no intent open";

/// A condition on every state.
pub type Condition = fn(&Protocol, &State) -> bool;

/// All of them, by their names.
pub const ALWAYS: &[(&str, Condition)] = &[
    (POSTED_ONCE, posted_once),
    (SUM, sum),
    (NOT_NEGATIVE, not_negative),
    (BALANCES, balances),
    (RECORDS_STAY, records_stay),
    (ANSWERS_TRUE, answers_true),
    (ANSWERS_AGREE, answers_agree),
    (NOT_DISOWNED, not_disowned),
    (OTHER_BODY, other_body),
    (FENCED, fenced),
    (SERVICES_AGREE, services_agree),
    (KEPT, kept),
    (RECOVERS, recovery::settles),
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

fn posted_once(_: &Protocol, state: &State) -> bool {
    all_books(state).iter().all(|books| {
        books
            .moved
            .iter()
            .all(|by_body| by_body.iter().sum::<u8>() <= 1)
    })
}

fn sum(protocol: &Protocol, state: &State) -> bool {
    let total = |balances: [i8; 2]| balances.iter().sum::<i8>();
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
        for key in Key::ALL {
            if let Some(record) = books.records[*key as usize]
                && record.said == Said::Posted
            {
                let body = record.body;
                let terms = protocol.terms(Ask { key: *key, body });
                expected[terms.from as usize] -= terms.amount;
                expected[1 - terms.from as usize] += terms.amount;
            }
        }
        books.balances == expected
    })
}

fn records_stay(_: &Protocol, state: &State) -> bool {
    state.account.first == state.account.store.durable.records
}

fn answers_true(_: &Protocol, state: &State) -> bool {
    let answers = state.network.answers.members();
    answers
        .filter(|answer| answer.said.is_outcome())
        .all(|Answer { request, said }| {
            let Ask { key, body } = request.ask;
            state.account.store.durable.records[key as usize]
                .is_some_and(|record| record.said == said && record.body == body)
        })
}

/// Whether anybody was told this.
fn was_told(state: &State, ask: Ask, said: Said) -> bool {
    Client::ALL.iter().any(|client| {
        let request = Request {
            client: *client,
            ask,
        };
        state.network.answers.has(Answer { request, said })
    })
}

fn asks() -> impl Iterator<Item = Ask> {
    Key::ALL.iter().flat_map(|key| {
        Body::ALL.iter().map(|body| Ask {
            key: *key,
            body: *body,
        })
    })
}

fn answers_agree(_: &Protocol, state: &State) -> bool {
    asks().all(|ask| {
        let told = Said::ALL
            .iter()
            .filter(|said| said.is_outcome() && was_told(state, ask, **said));
        told.count() <= 1
    })
}

fn not_disowned(_: &Protocol, state: &State) -> bool {
    asks().all(|ask| {
        let told_outcome = Said::ALL
            .iter()
            .any(|said| said.is_outcome() && was_told(state, ask, *said));
        !(told_outcome && was_told(state, ask, Said::Reused))
    })
}

fn other_body(_: &Protocol, state: &State) -> bool {
    let moved = |books: &Books, ask: Ask| books.moved[ask.key as usize][ask.body as usize] > 0;
    all_books(state).iter().all(|books| {
        asks().all(|ask| {
            let recorded = books.records[ask.key as usize].map(|record| record.body);
            !moved(books, ask) || recorded == Some(ask.body)
        })
    })
}

fn fenced(_: &Protocol, state: &State) -> bool {
    Key::ALL.iter().all(|key| {
        let place = *key as usize;
        let given_up = |said: Said| said == Said::Cancelled;
        let store = &state.account.store;
        let recorded = store.now.records[place].is_some_and(|record| given_up(record.said));
        let noted = matches!(state.transaction.store.now[place], Some(Intent::Final(_, said)) if given_up(said));
        let answered = Body::ALL.iter().any(|body| {
            let ask = Ask { key: *key, body: *body };
            was_told(state, ask, Said::Cancelled)
        });
        let moved = store.now.moved[place].iter().any(|times| *times > 0);
        !((recorded || noted || answered) && moved)
    })
}

fn services_agree(_: &Protocol, state: &State) -> bool {
    let store = &state.transaction.store;
    let records = state.account.store.durable.records;
    [store.now, store.durable].iter().all(|intents| {
        intents
            .iter()
            .zip(records)
            .all(|(intent, record)| match intent {
                Some(Intent::Final(body, said)) => {
                    record.is_some_and(|record| record.said == *said && record.body == *body)
                }
                _ => true,
            })
    })
}

/// Without this, to forget everything would be a recovery.
fn kept(_: &Protocol, state: &State) -> bool {
    asks().all(|ask| {
        let call = Call {
            ask,
            wish: Wish::Post,
        };
        let said = Said::NotFound;
        let place = ask.key as usize;
        let is_kept = match state.transaction.store.durable[place] {
            Some(Intent::Accepted(body) | Intent::Final(body, _)) => body == ask.body,
            None => false,
        };
        !state.network.calls.has(call)
            || is_kept
            || state.account.store.durable.records[place].is_some()
            || state.network.replies.has(Reply { ask, said })
    })
}
