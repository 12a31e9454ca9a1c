//! The transaction service (T): `components/transaction/src`.
//!
//! **Payments.** T keeps nothing of a payment: the handler of a `POST` asks A and returns what A
//! returns. So it is in no state, and the death of a handler is no step: its reply is one that
//! never arrives.
//!
//! **Standing orders.** T keeps the schedule and a run for each date (`schedule/{run,cancel}.rs`).
//! The tick has three steps: it begins what is due; it asks A about each open run that is on disk;
//! it notes what A returned. What it has read may be old when its call arrives or when it notes:
//! that is a late message. Its commits have no waiter, as their loss is repaired by the next tick.
//!
//! **`DELETE`.** One handler stands for all: two share nothing but the store and the network. A
//! later one takes the place of the earlier, with what is open then.

use super::*;

/// How the run of a date stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunState {
    /// A's decision on the latest attempt is not known here.
    Open,
    /// A has recorded this, and no attempt follows.
    Decided(Outcome),
    /// Declined for want of money; a further attempt follows.
    Retrying,
    /// A has refused the latest attempt, and recorded nothing.
    Refused,
}

/// A row of the table `schedule_run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Run {
    /// The latest attempt.
    pub round: Round,
    pub state: RunState,
}

impl Run {
    fn open(round: Round) -> Self {
        let state = RunState::Open;
        Self { round, state }
    }
}

/// A row of the table `schedule`, and its runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Schedule {
    /// A `DELETE` has ended it.
    pub has_ended: bool,
    /// How many dates are behind, which is also the number of the next one.
    pub dates_behind: u8,
    /// By date.
    pub runs: [Option<Run>; Date::COUNT as usize],
}

impl Schedule {
    /// The attempts that have no outcome here.
    pub fn open(&self) -> Set<Attempt> {
        let open = Date::all().filter_map(|date| {
            let Run { round, state } = self.runs[date as usize]?;
            (state == RunState::Open).then_some(Attempt { date, round })
        });
        open.collect()
    }
}

members! {
    /// A handler that waits for its commit.
    pub enum Handler { Delete }
}

/// The service and its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Transaction {
    pub store: Store<Schedule, Handler>,
    /// The attempts that the handler of a `DELETE` cancels and has no outcome of yet.
    pub cancelling: Option<Set<Attempt>>,
    /// The requests without a response. Only a wrong T remembers them.
    pub unanswered: Set<Request>,
}

impl Transaction {
    /// The schedule is made; no date is behind.
    pub fn new() -> Self {
        Self {
            store: Store::of(Schedule::default()),
            cancelling: None,
            unanswered: Set::default(),
        }
    }

    /// `run::begin`: the next date becomes a run, and the schedule moves on, in one turn.
    pub fn begin(&mut self, protocol: &Protocol) {
        let schedule = &mut self.store.now;
        let dates = protocol.order.map_or(0, |order| order.dates);
        let next = schedule.dates_behind as usize;
        let run = Run::open(Round::First);
        if protocol.is(Mutant::MoveOnAlone)
            && let Some(row) = next.checked_sub(1).map(|latest| &mut schedule.runs[latest])
            && row.is_none()
        {
            *row = Some(run);
        } else if !schedule.has_ended && next < dates {
            schedule.dates_behind += 1;
            if !protocol.is(Mutant::MoveOnAlone) {
                schedule.runs[next] = Some(run);
            }
        }
    }

    /// `run::begin_due`: the next attempt at a date is due.
    ///
    /// It need not look whether the schedule has ended, as after a note that came late: then the
    /// tick cancels the attempt.
    pub fn retry(&mut self, protocol: &Protocol, date: Date) {
        let Some(run) = &mut self.store.now.runs[date as usize] else {
            return;
        };
        let is_due = match run.state {
            RunState::Retrying => true,
            RunState::Open => protocol.is(Mutant::RetryUndecided),
            RunState::Decided(_) | RunState::Refused => false,
        };
        if is_due && run.round == Round::First {
            *run = Run::open(Round::Second);
        }
    }

    /// `run::note`, if the run still waits for this attempt. `again`: there is time for a second.
    pub fn note(&mut self, protocol: &Protocol, attempt: Attempt, returned: Returned, again: bool) {
        let Some(run) = &mut self.store.now.runs[attempt.date as usize] else {
            return;
        };
        let is_latest = run.round == attempt.round || protocol.is(Mutant::NoteWithoutAttempt);
        let again = again && run.round == Round::First;
        if run.state == RunState::Open && is_latest {
            run.state = match returned {
                Returned::Recorded(posting) if posting.outcome == Outcome::Declined && again => {
                    RunState::Retrying
                }
                Returned::Recorded(posting) => RunState::Decided(posting.outcome),
                Returned::Refused(Refusal::NotFound) => RunState::Refused,
                // All attempts have one body.
                Returned::Refused(Refusal::IdReused) => RunState::Open,
            };
        }
    }

    /// The schedule has no next date, and no date of it is tried again.
    fn end(&mut self) {
        let schedule = &mut self.store.now;
        schedule.has_ended = true;
        for run in schedule.runs.iter_mut().flatten() {
            if run.state == RunState::Retrying {
                run.state = RunState::Decided(Outcome::Declined);
            }
        }
    }

    /// The process dies: what is not on disk is lost, and so are all handlers.
    pub fn crash(&mut self) {
        self.store.lose_group();
        self.cancelling = None;
        self.unanswered = Set::default();
    }
}

impl State {
    /// A `POST` arrives: its handler derives the id and asks A.
    pub fn submit(&mut self, protocol: &Protocol, request: Request) {
        let key = request.payment.key;
        let unanswered = &mut self.transaction.unanswered;
        let is_same_key = |other: Request| other.payment.key == key;
        if protocol.is(Mutant::OneAtATime) && unanswered.members().any(is_same_key) {
            return;
        }
        if protocol.is(Mutant::RememberByKey) {
            // What a wrong T remembers under a key.
            let mut responses = self.network.responses.members();
            let known = responses.find(|response| response.request.payment.key == key);
            if let Some(Response { returned, .. }) = known {
                return self.network.responses.add(Response { request, returned });
            }
        }
        if protocol.is(Mutant::OneAtATime) || protocol.is(Mutant::AskLater) {
            unanswered.add(request);
        }
        self.call(Caller::Handler(request), Function::Post);
    }

    /// A's reply reaches the handler of a `POST`.
    pub fn respond(&mut self, request: Request, returned: Returned) {
        self.transaction.unanswered.take(request);
        self.network.responses.add(Response { request, returned });
    }

    /// `GET /{id}`, which reads A's journal; it returns what the repeated `POST` would.
    pub fn read(&mut self, protocol: &Protocol, request: Request) {
        let books = self.account.seen(protocol.is(Mutant::GetReadsOpenGroup));
        let id = protocol.id(Transfer::Payment(request.payment));
        if let Some(Record { body, outcome }) = books.record(id)
            && body == request.payment.body
        {
            let returned = Returned::recorded(outcome, true);
            self.network.responses.add(Response { request, returned });
        }
    }

    /// `run::decide`: the tick has A post each open run, or cancel it if its schedule has ended.
    pub fn tick(&mut self, protocol: &Protocol) {
        let store = &self.transaction.store;
        let schedule = *store.seen(protocol.is(Mutant::AskBeforeCommit));
        if !(schedule.has_ended && protocol.is(Mutant::TickSkipsEnded)) {
            let cancels = schedule.has_ended && !protocol.is(Mutant::TickPostsEnded);
            let function = match cancels {
                true => Function::Cancel,
                false => Function::Post,
            };
            self.call_all(schedule.open(), function);
        }
        if protocol.is(Mutant::AskLater) {
            for request in self.transaction.unanswered.members() {
                self.call(Caller::Handler(request), Function::Post);
            }
        }
    }

    /// A `DELETE` arrives: `cancel::end`, as far as its commit.
    pub fn delete(&mut self, protocol: &Protocol) {
        if protocol.is(Mutant::CancelBeforeEnd) {
            self.cancel();
            return self.finish_deletion(protocol);
        }
        if protocol.is(Mutant::EndedIsDone) && self.transaction.store.durable.has_ended {
            return self.note_deletion();
        }
        self.transaction.end();
        if protocol.is(Mutant::CancelBeforeCommit) {
            self.cancel();
            self.finish_deletion(protocol);
        } else {
            self.transaction.store.waiting.add(Handler::Delete);
        }
    }

    /// The group is on disk, and a `DELETE` in it goes on.
    pub fn commit_transaction(&mut self, protocol: &Protocol) {
        if self.transaction.store.commit().is_empty() {
            return;
        }
        if protocol.is(Mutant::CancelBeforeEnd) || protocol.is(Mutant::EndWithoutCancel) {
            return self.note_deletion();
        }
        self.cancel();
        if protocol.is(Mutant::CancelUnheard) {
            self.transaction.cancelling = Some(Set::default());
        }
        self.finish_deletion(protocol);
    }

    /// Has A cancel each open run that is on disk.
    fn cancel(&mut self) {
        let open = self.transaction.store.durable.open();
        self.call_all(open, Function::Cancel);
        self.transaction.cancelling = Some(open);
    }

    /// A's reply reaches the handler of a `DELETE`.
    pub fn hear(&mut self, protocol: &Protocol, attempt: Attempt, returned: Returned) {
        if let Some(cancelling) = &mut self.transaction.cancelling
            && cancelling.has(attempt)
            && returned.outcome().is_some()
        {
            cancelling.take(attempt);
            self.transaction.note(protocol, attempt, returned, false);
            self.finish_deletion(protocol);
        }
    }

    /// 204, if all that was open is cancelled or posted. Until then, the response is a 503.
    fn finish_deletion(&mut self, protocol: &Protocol) {
        if self.transaction.cancelling.is_some_and(Set::is_empty) {
            self.transaction.cancelling = None;
            if protocol.is(Mutant::CancelBeforeEnd) {
                self.transaction.end();
                self.transaction.store.waiting.add(Handler::Delete);
            } else {
                self.note_deletion();
            }
        }
    }

    fn note_deletion(&mut self) {
        self.history.note_deletion(&self.account.durable);
    }

    fn call_all(&mut self, attempts: Set<Attempt>, function: Function) {
        for attempt in attempts.members() {
            self.call(Caller::Order(attempt), function);
        }
    }

    fn call(&mut self, caller: Caller, function: Function) {
        self.network.calls.add(Call { caller, function });
    }
}
