//! The state of all parties, and the steps that change it.

use stateright::{Model, Property};

use crate::account::Account;
use crate::mutant::Mutant;
use crate::network::Network;
use crate::properties;
use crate::scenario::Sight;
use crate::transaction::Transaction;
use crate::words::{Ask, Call, Key, Reply, Request};

/// The two accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    Payer,
    Payee,
}

/// What a body says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Whose account is debited; the other's is credited.
    pub from: Party,
    pub amount: i8,
    /// Whether A finds both accounts.
    pub found: bool,
}

/// What may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The process of all services dies: the host's own way to die.
    ProcessDies,
    /// T dies alone, as when its component traps, or runs elsewhere.
    TransactionDies,
    /// A dies alone; or its group commit fails and is rolled back, which looks the same.
    AccountDies,
    /// T's group commit fails and is rolled back; its handlers live.
    TransactionGroupFails,
    /// T's file is lost, and T starts with an empty one.
    TransactionFileLost,
    /// T deletes its old answers (`intent::purge`), by a turn that nobody waits for.
    AnswersPurged,
}

/// Who sends what, under which conditions.
#[derive(Debug, Clone)]
pub struct Protocol {
    /// What clients may send, each at any time and any number of times.
    pub requests: Vec<Request>,
    /// What the bodies say, by key and body.
    pub terms: [[Terms; 2]; 2],
    /// What the accounts have at first: payer, payee.
    pub opening: [i8; 2],
    /// Which faults there may be.
    pub faults: &'static [Fault],
    /// Whether a screening stands before A, which may deny, or not answer.
    pub screening: bool,
    /// What is wrong on purpose.
    pub mutant: Option<Mutant>,
    /// What must be seen.
    pub sights: &'static [Sight],
}

/// All that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    pub transaction: Transaction,
    pub account: Account,
    pub network: Network,
}

/// What may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A request reaches T.
    Submit(Request),
    /// A request reaches T, and if it is the first, the screening will not answer to it.
    SubmitUnscreened(Request),
    /// T's open group is committed.
    CommitTransaction,
    /// T finds an open intent.
    Sweep(Key),
    /// T gives up what it asks for.
    GiveUp(Ask),
    /// T forgets a request that the screening did not answer to.
    Forget(Request),
    /// A call reaches A.
    Take(Call),
    /// A's open group is committed.
    CommitAccount,
    /// A reply reaches T's sweep.
    Hear(Reply),
    /// A reply reaches T's handler of a request.
    Answer(Request, Reply),
    /// Something goes wrong.
    Fail(Fault),
}

impl Protocol {
    /// Whether this is wrong on purpose.
    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// What a request says.
    pub fn terms(&self, ask: Ask) -> Terms {
        self.terms[ask.key as usize][ask.body as usize]
    }

    /// What comes of a step.
    pub fn after(&self, mut state: State, step: Step) -> State {
        let State {
            transaction,
            account,
            network,
        } = &mut state;
        match step {
            Step::Submit(request) => transaction.submit(self, request, true, network),
            Step::SubmitUnscreened(request) => transaction.submit(self, request, false, network),
            Step::CommitTransaction => transaction.commit(network),
            Step::Sweep(key) => transaction.sweep(self, key, network),
            Step::GiveUp(ask) => transaction.give_up(self, ask, network),
            Step::Forget(request) => transaction.forget(self, request),
            Step::Take(call) => account.take(self, call, network),
            Step::CommitAccount => account.commit(network),
            Step::Hear(reply) => transaction.hear(self, reply),
            Step::Answer(request, reply) => transaction.answer(self, request, reply, network),
            Step::Fail(fault) => fail(transaction, account, fault),
        }
        state
    }
}

fn fail(transaction: &mut Transaction, account: &mut Account, fault: Fault) {
    match fault {
        Fault::ProcessDies => {
            transaction.crash();
            account.crash();
        }
        Fault::TransactionDies => transaction.crash(),
        Fault::AccountDies => account.crash(),
        Fault::TransactionGroupFails => transaction.store.lose_group(),
        Fault::TransactionFileLost => *transaction = Transaction::new(),
        Fault::AnswersPurged => transaction.purge(),
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
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        let State {
            transaction,
            network,
            ..
        } = state;
        steps.extend(self.requests.iter().copied().map(Step::Submit));
        if self.screening {
            steps.extend(self.requests.iter().copied().map(Step::SubmitUnscreened));
        }
        steps.push(Step::CommitTransaction);
        steps.extend(Key::ALL.iter().copied().map(Step::Sweep));
        steps.extend(transaction.asking.members().map(Step::GiveUp));
        steps.extend(transaction.forgetting.members().map(Step::Forget));
        steps.extend(network.calls.members().map(Step::Take));
        steps.push(Step::CommitAccount);
        for reply in network.replies.members() {
            steps.push(Step::Hear(reply));
            let owing = transaction.owing.members();
            steps.extend(owing.map(|request| Step::Answer(request, reply)));
        }
        steps.extend(self.faults.iter().copied().map(Step::Fail));
    }

    /// A step that changes nothing is none.
    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let next = self.after(*state, step);
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}
