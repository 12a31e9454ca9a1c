//! Who sends what, what may go wrong, and what there is to be seen.

use crate::protocol::{Fault, Party, Protocol, State, Terms};
use crate::transaction::Intent;
use crate::words::{Answer, Ask, Body, Client, Key, Reply, Request, Said};

use Body::{Other, Right};
use Client::{Laptop, Phone};
use Key::{One, Two};

/// Something that must be seen, so that no property holds for want of events.
pub type Sight = (&'static str, fn(&Protocol, &State) -> bool);

/// Who sends what.
pub type Requests = &'static [(Client, Key, Body)];

/// Both devices send both transfers; the laptop also sends another body under a taken key.
pub const MANY: Requests = &[
    (Phone, One, Right),
    (Phone, Two, Right),
    (Laptop, One, Right),
    (Laptop, One, Other),
    (Laptop, Two, Right),
];

/// The same, and another body under the other key too.
pub const ALL: Requests = &[
    (Phone, One, Right),
    (Phone, Two, Right),
    (Laptop, One, Right),
    (Laptop, One, Other),
    (Laptop, Two, Right),
    (Laptop, Two, Other),
];

/// One key with a body by each device, and another transfer.
pub const FEW: Requests = &[
    (Phone, One, Right),
    (Laptop, One, Other),
    (Laptop, Two, Right),
];

/// One key, with a body by each device.
pub const ONE_KEY: Requests = &[(Phone, One, Right), (Laptop, One, Other)];

/// What may happen to anybody.
const DEATHS: &[Fault] = &[
    Fault::ProcessDies,
    Fault::TransactionDies,
    Fault::AccountDies,
    Fault::TransactionGroupFails,
];

const DEATHS_AND_LOSS: &[Fault] = &[
    Fault::ProcessDies,
    Fault::TransactionDies,
    Fault::AccountDies,
    Fault::TransactionGroupFails,
    Fault::TransactionFileLost,
];

const DEATHS_AND_PURGE: &[Fault] = &[
    Fault::ProcessDies,
    Fault::TransactionDies,
    Fault::AccountDies,
    Fault::TransactionGroupFails,
    Fault::AnswersPurged,
];

/// The money is enough for one of two transfers; with the other body, a transfer costs less.
pub fn rivals(requests: Requests) -> Protocol {
    let requests = requests.iter().map(|(client, key, body)| Request {
        client: *client,
        ask: Ask {
            key: *key,
            body: *body,
        },
    });
    Protocol {
        requests: requests.collect(),
        terms: [[pays(Party::Payer, 2), pays(Party::Payer, 1)]; 2],
        opening: [3, 0],
        faults: DEATHS,
        screening: false,
        mutant: None,
        sights: &[
            ("one is posted, the other declined", |_, state| {
                has_recorded(state, One, Said::Posted) && has_recorded(state, Two, Said::Declined)
            }),
            ("one is given up", |_, state| {
                has_recorded(state, One, Said::Cancelled)
            }),
            ("both devices are told of one posting", |_, state| {
                let is_told = |client: &Client| has_answer(state, *client, One, Said::Posted);
                Client::ALL.iter().all(is_told)
            }),
            (
                "a posting was told before a crash made T forget it",
                |_, state| {
                    let transaction = &state.transaction;
                    was_told(state, Said::Posted)
                        && transaction.store.durable.iter().all(is_open)
                        && transaction.asking.is_empty()
                },
            ),
        ],
    }
}

/// The money is enough for both.
pub fn both_covered() -> Protocol {
    Protocol {
        opening: [5, 0],
        sights: &[("both are posted", |_, state| {
            let is_posted = |key: &Key| has_recorded(state, *key, Said::Posted);
            Key::ALL.iter().all(is_posted)
        })],
        ..rivals(&[
            (Phone, One, Right),
            (Phone, Two, Right),
            (Laptop, One, Other),
            (Laptop, Two, Right),
        ])
    }
}

/// The first transfer is not covered until the second has brought money.
pub fn refill() -> Protocol {
    let mut protocol = rivals(FEW);
    protocol.terms[Two as usize] = [pays(Party::Payee, 2); 2];
    Protocol {
        opening: [1, 2],
        sights: &[
            ("one is declined, and would be covered now", |_, state| {
                has_recorded(state, One, Said::Declined) && has_recorded(state, Two, Said::Posted)
            }),
            ("one is posted, as the money came in time", |_, state| {
                let record = state.account.store.durable.records[One as usize];
                has_recorded(state, One, Said::Posted)
                    && record.is_some_and(|record| record.body == Right)
            }),
        ],
        ..protocol
    }
}

/// The other body names an account that there is not: A refuses it, T forgets it, and the key is free again.
pub fn refused(requests: Requests) -> Protocol {
    let mut protocol = rivals(requests);
    protocol.terms[One as usize][Other as usize].found = false;
    Protocol {
        sights: &[
            (
                "the right body takes the refused one's place",
                |_, state| {
                    let intent = state.transaction.store.durable[One as usize];
                    was_told(state, Said::NotFound) && intent == Some(Intent::Accepted(Right))
                },
            ),
            (
                "the right body is posted after the refused one",
                |_, state| {
                    was_told(state, Said::NotFound) && has_recorded(state, One, Said::Posted)
                },
            ),
        ],
        ..protocol
    }
}

/// T may lose its file; A may not.
pub fn lost_file() -> Protocol {
    Protocol {
        faults: DEATHS_AND_LOSS,
        sights: FORGOTTEN,
        ..rivals(FEW)
    }
}

/// T deletes its old answers.
pub fn purged() -> Protocol {
    Protocol {
        faults: DEATHS_AND_PURGE,
        sights: FORGOTTEN,
        ..rivals(ONE_KEY)
    }
}

const FORGOTTEN: &[Sight] = &[
    ("A knows what T has forgotten", |_, state| {
        has_recorded(state, One, Said::Posted)
            && state.transaction.store.durable[One as usize].is_none()
    }),
    ("A refuses another body", |_, state| {
        Body::ALL.iter().any(|body| {
            let ask = Ask {
                key: One,
                body: *body,
            };
            let said = Said::Reused;
            state.network.replies.has(Reply { ask, said })
        })
    }),
];

/// A screening stands before A: it may deny, or not answer, and then a first request is forgotten.
pub fn screened() -> Protocol {
    Protocol {
        screening: true,
        sights: &[
            (
                "a request is about to be forgotten that a repetition has had posted",
                |_, state| {
                    has_recorded(state, One, Said::Posted)
                        && !state.transaction.forgetting.is_empty()
                },
            ),
            (
                "another body takes the place of a forgotten one that is posted",
                |_, state| {
                    let record = state.account.store.durable.records[One as usize];
                    let intent = state.transaction.store.durable[One as usize];
                    record.is_some_and(|record| record.body == Right && record.said == Said::Posted)
                        && intent == Some(Intent::Accepted(Other))
                },
            ),
        ],
        ..rivals(ONE_KEY)
    }
}

fn pays(from: Party, amount: i8) -> Terms {
    Terms {
        from,
        amount,
        found: true,
    }
}

fn has_recorded(state: &State, key: Key, said: Said) -> bool {
    let record = state.account.store.durable.records[key as usize];
    record.is_some_and(|record| record.said == said)
}

fn has_answer(state: &State, client: Client, key: Key, said: Said) -> bool {
    let mut answers = state.network.answers.members();
    answers.any(
        |Answer {
             request,
             said: told,
         }| { request.client == client && request.ask.key == key && told == said },
    )
}

fn was_told(state: &State, said: Said) -> bool {
    state
        .network
        .answers
        .members()
        .any(|answer| answer.said == said)
}

fn is_open(intent: &Option<Intent>) -> bool {
    matches!(intent, Some(Intent::Accepted(_)))
}
