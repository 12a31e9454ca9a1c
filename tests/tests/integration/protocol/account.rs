//! The account service (A): `components/account/src/ledger/{post,decide}.rs` and `ledger/legs`.

use super::*;

/// A row of the journal. A decline is a row too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Record {
    pub body: Body,
    pub outcome: Outcome,
}

/// The ledger's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Books {
    /// The journal, by transfer id.
    pub records: [Option<Record>; Id::COUNT as usize],
    pub balances: Amounts,
    /// How often each transfer has moved money.
    pub moved: [u8; Transfer::COUNT as usize],
}

impl Books {
    pub fn record(&self, id: Id) -> Option<Record> {
        self.records[id.number() as usize]
    }

    pub fn outcome(&self, id: Id) -> Option<Outcome> {
        self.record(id).map(|record| record.outcome)
    }

    pub fn all_moved(&self) -> impl Iterator<Item = Transfer> {
        Transfer::all().filter(|transfer| self.moved[transfer.number() as usize] > 0)
    }

    /// Whether each account that is debited has the money.
    pub fn covers(&self, terms: Terms) -> bool {
        let mut changed = self.balances.iter().zip(terms.legs);
        changed.all(|(balance, leg)| leg >= 0 || balance + leg >= 0)
    }
}

/// The service's store. A call that waits for its commit waits to send its reply.
pub type Account = Store<Books, Reply>;

impl State {
    /// A call arrives: `post::in_transaction`, as far as its commit. A recalled row, and a reused
    /// id, wait for the commit too, as the row may be of the same group.
    pub fn take(&mut self, protocol: &Protocol, call: Call) {
        let caller = call.caller;
        let known = self.account.known(protocol, caller.transfer());
        let returned = self.account.record(protocol, call);
        let reply = Reply { caller, returned };
        // Nothing was written that a lost group could take back; a refusal promises nothing.
        let at_once = returned == Returned::Refused(Refusal::NotFound)
            || protocol.is(Mutant::ReplyBeforeCommit)
            || (known.is_some() && protocol.is(Mutant::RecallBeforeCommit));
        if at_once {
            self.network.replies.add(reply);
        } else if !self.network.replies.has(reply) {
            self.account.waiting.add(reply);
        }
    }

    /// The group is on disk, and its replies are sent.
    pub fn commit_account(&mut self) {
        self.network.replies.add_all(self.account.commit());
        self.history.note_commit(&self.account.durable);
    }
}

impl Account {
    /// Nothing was posted yet.
    pub fn new(opening: Amounts) -> Self {
        Self::of(Books {
            records: [None; Id::COUNT as usize],
            balances: opening,
            moved: [0; Transfer::COUNT as usize],
        })
    }

    fn known(&self, protocol: &Protocol, transfer: Transfer) -> Option<Record> {
        let by_fingerprint = protocol.is(Mutant::IdsByFingerprint);
        let record = self.now.record(protocol.id(transfer))?;
        (!by_fingerprint || record.body == transfer.body()).then_some(record)
    }

    /// `post::record`: recalls, decides, or cancels. The id is looked up before anything else.
    fn record(&mut self, protocol: &Protocol, call: Call) -> Returned {
        let transfer = call.caller.transfer();
        let terms = protocol.terms(transfer);
        if protocol.is(Mutant::FundsBeforeId) && !self.covers(protocol, terms) {
            return Returned::recorded(Outcome::Declined, false);
        }
        let forgets_id = match call.function {
            Function::Post | Function::PostDenied => protocol.is(Mutant::PostWithoutLookup),
            Function::Cancel => protocol.is(Mutant::CancelWithoutLookup),
        };
        if !forgets_id && let Some(record) = self.known(protocol, transfer) {
            return self.recall(protocol, transfer, record);
        }
        // To be burnt, an id needs no accounts.
        let outcome = match call.function {
            Function::Cancel => Outcome::Cancelled,
            Function::PostDenied => Outcome::Denied,
            // `decide::decide`: the payer first, so that no one without the money hears of the
            // payee.
            Function::Post if !self.covers(protocol, terms) => Outcome::Declined,
            Function::Post if !terms.found => {
                if protocol.is(Mutant::RefusalWithRow) {
                    self.write(protocol, transfer, Outcome::Declined);
                }
                return Returned::Refused(Refusal::NotFound);
            }
            Function::Post => Outcome::Posted,
        };
        let is_kept = match outcome {
            Outcome::Posted => true,
            Outcome::Declined => !protocol.is(Mutant::DeclineWithoutRow),
            Outcome::Denied => !protocol.is(Mutant::DenialWithoutRow),
            Outcome::Cancelled => !protocol.is(Mutant::CancelWithoutRow),
        };
        if outcome == Outcome::Posted {
            self.move_money(protocol, transfer);
        }
        if is_kept {
            self.write(protocol, transfer, outcome);
        }
        Returned::recorded(outcome, false)
    }

    /// `post::recall`: what is recorded under a known id, if it is the same request.
    fn recall(&self, protocol: &Protocol, transfer: Transfer, record: Record) -> Returned {
        if record.body != transfer.body() && !protocol.is(Mutant::RecallWithoutFingerprint) {
            return Returned::Refused(Refusal::IdReused);
        }
        let is_durable = self.durable.record(protocol.id(transfer)).is_some();
        let repeated = !protocol.is(Mutant::RecallAsFirst)
            && (is_durable || !protocol.is(Mutant::FirstUntilCommit));
        Returned::recorded(record.outcome, repeated)
    }

    /// `decide::check_payer`, and the debits of `legs::decide`.
    fn covers(&self, protocol: &Protocol, terms: Terms) -> bool {
        let books = self.seen(!protocol.is(Mutant::FundsOfSnapshot));
        books.covers(terms)
    }

    fn write(&mut self, protocol: &Protocol, transfer: Transfer, outcome: Outcome) {
        let body = transfer.body();
        let place = protocol.id(transfer).number() as usize;
        self.now.records[place] = Some(Record { body, outcome });
    }

    /// `post::accept`, `legs::record`: all sides, in the turn of the record.
    fn move_money(&mut self, protocol: &Protocol, transfer: Transfer) {
        let Terms { legs, .. } = protocol.terms(transfer);
        let books = &mut self.now;
        let mut is_lost = protocol.is(Mutant::CreditLater);
        for (balance, leg) in books.balances.iter_mut().zip(legs) {
            // The first credit comes too late.
            if leg > 0 && std::mem::take(&mut is_lost) {
                continue;
            }
            *balance += leg;
        }
        let moved = &mut books.moved[transfer.number() as usize];
        *moved = moved.saturating_add(1);
    }
}
