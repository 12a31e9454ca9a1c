//! The account service (A): `components/account/src/ledger/{post,decide}.rs`.

use crate::mutant::Mutant;
use crate::network::Network;
use crate::protocol::{Protocol, Terms};
use crate::store::Store;
use crate::words::{Ask, Body, Call, Reply, Said, Wish};

/// A row of the journal. A decline is a row too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Record {
    pub body: Body,
    pub said: Said,
}

/// The ledger's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Books {
    /// The journal, by transfer id.
    pub records: [Option<Record>; 2],
    /// What each account has.
    pub balances: [i8; 2],
    /// How often each id has moved money, by the body that it moved for.
    pub moved: [[u8; 2]; 2],
}

/// The service and its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Account {
    /// Who waits for a commit waits to send this reply.
    pub store: Store<Books, Reply>,
    /// The first durable record of each id, for the properties alone.
    pub first: [Option<Record>; 2],
}

impl Account {
    /// Nothing was posted yet.
    pub fn new(opening: [i8; 2]) -> Self {
        Self {
            store: Store::of(Books {
                records: [None; 2],
                balances: opening,
                moved: [[0; 2]; 2],
            }),
            first: [None; 2],
        }
    }

    /// A call arrives: `post::in_transaction`, as far as its commit. A recalled row waits for the commit too, as it may be of the same
    /// group.
    pub fn take(&mut self, protocol: &Protocol, call: Call, network: &mut Network) {
        let known = self.known(protocol, call.ask);
        let said = self.record(protocol, call);
        let reply = Reply {
            ask: call.ask,
            said,
        };
        // A refusal leaves nothing to commit.
        let at_once = said == Said::NotFound
            || protocol.is(Mutant::ReplyBeforeCommit)
            || (known && protocol.is(Mutant::RecallBeforeCommit));
        if at_once {
            network.replies.add(reply);
        } else if !network.replies.has(reply) {
            self.store.waiting.add(reply);
        }
    }

    /// The group is on disk, and its callers are answered.
    pub fn commit(&mut self, network: &mut Network) {
        network.replies.add_all(self.store.commit());
        for (first, record) in self.first.iter_mut().zip(self.store.durable.records) {
            *first = first.or(record);
        }
    }

    fn known(&self, protocol: &Protocol, ask: Ask) -> bool {
        let by_fingerprint = protocol.is(Mutant::IdsByFingerprint);
        self.store.now.records[ask.key as usize]
            .is_some_and(|record| !by_fingerprint || record.body == ask.body)
    }

    /// `post::record`: recalls, decides, or gives up; the id is looked up before anything else.
    fn record(&mut self, protocol: &Protocol, call: Call) -> Said {
        let ask = call.ask;
        let terms = protocol.terms(ask);
        let forgets_id = match call.wish {
            Wish::Post => protocol.is(Mutant::PostWithoutLookup),
            Wish::Fence => protocol.is(Mutant::FenceWithoutLookup),
        };
        if protocol.is(Mutant::FundsBeforeId) && !self.covers(protocol, terms) {
            return Said::Declined;
        }
        if !forgets_id && self.known(protocol, ask) {
            return self.recall(protocol, ask);
        }
        // `Situation::parties`, `decide::decide`; to be given up, an id needs no accounts.
        let said = match call.wish {
            Wish::Fence => Said::Cancelled,
            Wish::Post if !terms.found => return Said::NotFound,
            Wish::Post if self.covers(protocol, terms) => Said::Posted,
            Wish::Post => Said::Declined,
        };
        let keeps_no_row = (said == Said::Declined && protocol.is(Mutant::DeclineWithoutRow))
            || (said == Said::Cancelled && protocol.is(Mutant::FenceWithoutRow));
        if said == Said::Posted {
            self.move_money(protocol, ask);
        }
        if !keeps_no_row {
            self.store.now.records[ask.key as usize] = Some(Record {
                body: ask.body,
                said,
            });
        }
        said
    }

    /// `post::recall`: what is recorded under a known id, if it is the same request.
    fn recall(&self, protocol: &Protocol, ask: Ask) -> Said {
        match self.store.now.records[ask.key as usize] {
            Some(record)
                if record.body == ask.body || protocol.is(Mutant::RecallWithoutFingerprint) =>
            {
                record.said
            }
            _ => Said::Reused,
        }
    }

    /// `decide::decide_funds`.
    fn covers(&self, protocol: &Protocol, terms: Terms) -> bool {
        let books = if protocol.is(Mutant::FundsOfSnapshot) {
            self.store.durable
        } else {
            self.store.now
        };
        books.balances[terms.from as usize] >= terms.amount
    }

    /// `post::accept`: both sides, in the turn of the record.
    fn move_money(&mut self, protocol: &Protocol, ask: Ask) {
        let Terms { from, amount, .. } = protocol.terms(ask);
        let books = &mut self.store.now;
        books.balances[from as usize] -= amount;
        if !protocol.is(Mutant::CreditLater) {
            books.balances[1 - from as usize] += amount;
        }
        let moved = &mut books.moved[ask.key as usize][ask.body as usize];
        *moved = moved.saturating_add(1);
    }

    /// The process dies: what is not on disk is gone, and so are all who wait for it.
    pub fn crash(&mut self) {
        self.store.lose_group();
    }
}
