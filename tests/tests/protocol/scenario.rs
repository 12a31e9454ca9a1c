//! Who sends what, and what there is to be seen in it.

use crate::protocol::{Fault, Party, Protocol, State, Terms};
use crate::transaction::Intent;
use crate::words::{Answer, Ask, Body, Client, Key, Reply, Request, Said};

use Body::{Other, Right};
use Client::{Laptop, Phone};
use Key::{One, Two};

/// What may happen to anybody.
const DEATHS: &[Fault] = &[
    Fault::ProcessDies,
    Fault::TransactionDies,
    Fault::AccountDies,
    Fault::TransactionGroupFails,
];

/// What may happen to a T that is allowed to forget.
const LOSSES: &[Fault] = &[
    Fault::ProcessDies,
    Fault::TransactionDies,
    Fault::AccountDies,
    Fault::TransactionGroupFails,
    Fault::TransactionFileLost,
    Fault::AnswersPurged,
];

/// Something that must be seen, so that no property holds for want of events.
pub type Sight = (&'static str, fn(&Protocol, &State) -> bool);

/// Both devices send both transfers. The money is enough for one of them; with the other body, a transfer costs less.
pub fn rivals(requests: &[(Client, Key, Body)]) -> Protocol {
    let pays = |amount| Terms {
        from: Party::Payer,
        amount,
    };
    Protocol {
        requests: requests
            .iter()
            .map(|(client, key, body)| Request {
                client: *client,
                ask: Ask {
                    key: *key,
                    body: *body,
                },
            })
            .collect(),
        terms: [[pays(2), pays(1)]; 2],
        opening: [3, 0],
        faults: DEATHS,
        screening: false,
        mutant: None,
        sights: &[
            ("one posted, one declined", |_, state| {
                has_recorded(state, One, Said::Posted) && has_recorded(state, Two, Said::Declined)
            }),
            ("given up", |_, state| {
                has_recorded(state, One, Said::Cancelled)
            }),
            (
                "told 201, and T does not know it after a crash",
                |_, state| {
                    let is_open = |intent| matches!(intent, Some(Intent::Accepted(_)));
                    was_told(state, Said::Posted)
                        && state.transaction.store.durable.into_iter().all(is_open)
                        && state.transaction.asking == Default::default()
                },
            ),
            ("both devices told 201 for one transfer", |_, state| {
                [Phone, Laptop].iter().all(|client| {
                    let ask = Ask {
                        key: One,
                        body: Right,
                    };
                    state.network.answers.has(Answer {
                        request: Request {
                            client: *client,
                            ask,
                        },
                        said: Said::Posted,
                    })
                })
            }),
        ],
    }
}

/// What [`rivals`] send: the laptop also another body under a taken key.
pub const RIVALS: &[(Client, Key, Body)] = &[
    (Phone, One, Right),
    (Phone, Two, Right),
    (Laptop, One, Right),
    (Laptop, One, Other),
    (Laptop, Two, Right),
];

/// The same, and another body under the other key too.
pub const RIVALS_ALL: &[(Client, Key, Body)] = &[
    (Phone, One, Right),
    (Phone, Two, Right),
    (Laptop, One, Right),
    (Laptop, One, Other),
    (Laptop, Two, Right),
    (Laptop, Two, Other),
];

/// One transfer by both devices, with two bodies, and another one.
pub const FEW: &[(Client, Key, Body)] = &[
    (Phone, One, Right),
    (Laptop, One, Other),
    (Laptop, Two, Right),
];

/// The money is enough for both transfers.
pub fn both_covered() -> Protocol {
    Protocol {
        opening: [5, 0],
        sights: &[("both posted", |_, state| {
            [One, Two]
                .iter()
                .all(|key| has_recorded(state, *key, Said::Posted))
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
    let refills = Terms {
        from: Party::Payee,
        amount: 2,
    };
    protocol.terms[Two as usize] = [refills; 2];
    Protocol {
        opening: [1, 2],
        sights: &[
            ("declined, and would be covered now", |_, state| {
                has_recorded(state, One, Said::Declined) && has_recorded(state, Two, Said::Posted)
            }),
            ("posted, as the money came in time", |_, state| {
                has_recorded(state, One, Said::Posted)
            }),
        ],
        ..protocol
    }
}

/// T may lose its file, or delete its old answers; A may not.
pub fn forgetful() -> Protocol {
    Protocol {
        faults: LOSSES,
        sights: &[
            ("A knows what T has lost", |_, state| {
                has_recorded(state, One, Said::Posted)
                    && state.transaction.store.durable[One as usize].is_none()
            }),
            ("A refuses another body", |_, state| {
                [Right, Other].iter().any(|body| {
                    let ask = Ask {
                        key: One,
                        body: *body,
                    };
                    let said = Said::Reused;
                    state.network.replies.has(Reply { ask, said })
                })
            }),
        ],
        ..rivals(FEW)
    }
}

/// A screening stands before A: it may deny, or not answer, and then a first request is forgotten.
pub fn screened() -> Protocol {
    Protocol {
        screening: true,
        sights: &[
            (
                "about to forget what a repetition has had posted",
                |_, state| {
                    has_recorded(state, One, Said::Posted)
                        && state.transaction.forgetting != Default::default()
                },
            ),
            (
                "another body takes the place of a forgotten one",
                |_, state| {
                    let forgotten = state.transaction.store.durable[One as usize]
                        == Some(Intent::Accepted(Other));
                    forgotten && has_recorded(state, One, Said::Posted)
                },
            ),
        ],
        ..rivals(&[(Phone, One, Right), (Laptop, One, Other)])
    }
}

fn has_recorded(state: &State, key: Key, said: Said) -> bool {
    state.account.store.durable.records[key as usize].is_some_and(|record| record.said == said)
}

fn was_told(state: &State, said: Said) -> bool {
    state
        .network
        .answers
        .members()
        .any(|answer| answer.said == said)
}
