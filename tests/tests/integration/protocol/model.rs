//! The state of all parties, and the steps that change it.

use super::*;

/// What each account has, or what moves: payer, payee, and a third, as for fees.
pub type Amounts = [i8; 3];

/// What a body says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    /// What each account gets; a debit is negative. A transfer has one debit and one credit, and a
    /// posting of several legs any of them, which add up to zero.
    pub legs: Amounts,
    /// Whether A finds the accounts to credit.
    pub found: bool,
}

/// What the schedule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StandingOrder {
    /// Of each date.
    pub terms: Terms,
    /// How many dates there are; each may be due at any time.
    pub dates: usize,
    /// `on_insufficient_funds`: whether a second attempt follows, which may be due at any time.
    pub retries: bool,
}

/// Who sends what, under which conditions.
#[derive(Debug, Clone)]
pub struct Protocol {
    /// What clients may send, each at any time and any number of times.
    pub requests: Vec<Request>,
    /// What the bodies say, by key and body.
    pub terms: [[Terms; 2]; 2],
    /// The standing order, if there is one; a client may delete it at any time.
    pub order: Option<StandingOrder>,
    /// What the accounts have at first.
    pub opening: Amounts,
    /// Whether a screening stands before A.
    pub screening: bool,
    pub mutant: Option<Mutant>,
    pub sights: &'static [Sight],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    pub transaction: Transaction,
    pub account: Account,
    pub network: Network,
    pub history: History,
}

/// What may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A client's `POST` reaches T.
    Submit(Request),
    /// The client's `GET /{id}` reaches T.
    Read(Request),
    /// A client's `DELETE` of the standing order reaches T.
    Delete,
    /// The next date is due.
    Begin,
    /// The second attempt at a date is due.
    Retry(Date),
    /// T's tick asks A.
    Tick,
    /// T's open group is committed.
    CommitTransaction,
    /// A `post` reaches the screening.
    Judge(Caller, Verdict),
    /// A call reaches A.
    Take(Call),
    /// A's open group is committed.
    CommitAccount,
    /// A reply reaches T's handler of a `POST`.
    Respond(Request, Returned),
    /// A reply reaches T's tick, which notes it. `true`: there is time for a second attempt.
    Note(Attempt, Returned, bool),
    /// A reply reaches T's handler of a `DELETE`.
    Hear(Attempt, Returned),
    /// The process of all services dies: the host's own way to die.
    ProcessDies,
    /// T dies alone, as when its component traps, or runs elsewhere.
    TransactionDies,
    /// A dies alone; or its group commit fails and is rolled back, which looks the same.
    AccountDies,
    /// T's group commit fails and is rolled back; its handlers live.
    TransactionGroupFails,
}

impl Protocol {
    /// Whether this is wrong on purpose.
    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    pub fn terms(&self, transfer: Transfer) -> Terms {
        match transfer {
            Transfer::Attempt(_) => self.order.expect("it has a standing order").terms,
            Transfer::Payment(payment) => self.terms[payment.key as usize][payment.body as usize],
        }
    }

    /// A transfer's id, which follows from the key, or from schedule, date, and attempt.
    pub fn id(&self, transfer: Transfer) -> Id {
        match transfer {
            Transfer::Attempt(Attempt { date, .. }) if self.is(Mutant::IdWithoutAttempt) => {
                let round = Round::First;
                Id::Attempt(Attempt { date, round })
            }
            _ => transfer.id(),
        }
    }

    /// What comes of a step.
    pub fn after(&self, mut state: State, step: Step) -> State {
        match step {
            Step::Submit(request) => state.submit(self, request),
            Step::Read(request) => state.read(self, request),
            Step::Delete => state.delete(self),
            Step::Begin => state.transaction.begin(self),
            Step::Retry(date) => state.transaction.retry(self, date),
            Step::Tick => state.tick(self),
            Step::CommitTransaction => state.commit_transaction(self),
            Step::Judge(caller, verdict) => state.judge(self, caller, verdict),
            Step::Take(call) => state.take(self, call),
            Step::CommitAccount => state.commit_account(),
            Step::Respond(request, returned) => state.respond(request, returned),
            Step::Note(attempt, returned, again) => {
                state.transaction.note(self, attempt, returned, again);
            }
            Step::Hear(attempt, returned) => state.hear(self, attempt, returned),
            Step::ProcessDies => {
                state.transaction.crash();
                state.account.lose_group();
            }
            Step::TransactionDies => state.transaction.crash(),
            Step::AccountDies => state.account.lose_group(),
            Step::TransactionGroupFails => state.transaction.store.lose_group(),
        }
        state
    }

    /// What comes of some steps, one after the other.
    pub fn after_all(&self, state: State, steps: impl IntoIterator<Item = Step>) -> State {
        let step = |state, step| self.after(state, step);
        steps.into_iter().fold(state, step)
    }

    /// Whether a call reaches the screening first.
    pub fn is_screened(&self, call: Call) -> bool {
        self.screening && call.function == Function::Post
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            transaction: Transaction::new(),
            account: Account::new(self.opening),
            network: Network::default(),
            history: History::default(),
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        steps.extend(self.requests.iter().copied().map(Step::Submit));
        steps.extend(self.requests.iter().copied().map(Step::Read));
        if let Some(order) = self.order {
            steps.extend([Step::Delete, Step::Begin]);
            if order.retries {
                steps.extend(Date::all().map(Step::Retry));
            }
        }
        steps.extend([Step::Tick, Step::CommitTransaction, Step::CommitAccount]);
        for call in state.network.calls.members() {
            if self.is_screened(call) {
                let judge = |verdict| Step::Judge(call.caller, verdict);
                steps.extend(Verdict::all().map(judge));
            } else {
                steps.push(Step::Take(call));
            }
        }
        steps.extend(state.network.screened.members().map(Step::Take));
        for reply in state.network.replies.members() {
            let returned = reply.returned;
            match reply.caller {
                Caller::Handler(request) => steps.push(Step::Respond(request, returned)),
                Caller::Order(attempt) => {
                    steps.push(Step::Note(attempt, returned, false));
                    if self.order.is_some_and(|order| order.retries) {
                        steps.push(Step::Note(attempt, returned, true));
                    }
                    steps.push(Step::Hear(attempt, returned));
                }
            }
        }
        steps.extend([Step::ProcessDies, Step::TransactionDies]);
        steps.extend([Step::AccountDies, Step::TransactionGroupFails]);
    }

    /// A step that changes nothing does not count.
    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let next = self.after(*state, step);
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}
