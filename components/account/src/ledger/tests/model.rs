//! Goal: in any order of operations, the ledger decides as a bank with a pocket calculator.
//! Method: random operations beside a model without SQL, double entry, or hashes.

use super::batch::batch;
use super::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::HashMap;
use strongroom_ledger_api::{BatchLine, LineOutcome};

/// Accounts 0 to 2 are in euros, the last is in yen.
const CURRENCIES: [&str; 4] = ["EUR", "EUR", "EUR", "JPY"];

/// The amount and the accounts of a transfer.
#[derive(Debug, Clone, Copy)]
struct Order {
    source: usize,
    destination: usize,
    amount_minor: i64,
    verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Asked,
    /// A screening has denied it.
    Denied,
    /// The caller has refused it. This means something in a batch only.
    Refused,
}

#[derive(Debug, Clone)]
enum Step {
    Post(u128, Kind, Order),
    /// Posts what was posted or cancelled before.
    Retry(Index),
    Cancel(u128, Order),
    /// An id, whether it is atomic, and its lines.
    Batch(u128, bool, Vec<Order>),
    RetryBatch(Index),
    Freeze(usize),
    Unfreeze(usize),
    Limit(usize, i64),
    Close(usize),
}

prop_compose! {
    fn order()(
        source in 0..CURRENCIES.len(), destination in 0..CURRENCIES.len(),
        amount_minor in 1..1_000_i64,
        verdict in prop_oneof![
            20 => Just(Verdict::Asked), 2 => Just(Verdict::Denied), 1 => Just(Verdict::Refused),
        ],
    ) -> Order {
        Order { source, destination, amount_minor, verdict }
    }
}

fn step() -> impl Strategy<Value = Step> {
    use Kind::{Deposit, Transfer, Withdrawal};
    let account = || 0..CURRENCIES.len();
    let kind = prop::sample::select(vec![Deposit, Withdrawal, Transfer, Transfer]);
    let lines = prop::collection::vec(order(), 1..20);
    // Few ids, so that some are used twice for different transfers.
    let id = || 1..60_u128;
    prop_oneof![
        12 => (id(), kind, order()).prop_map(|(id, kind, order)| Step::Post(id, kind, order)),
        4 => any::<Index>().prop_map(Step::Retry),
        1 => (id(), order()).prop_map(|(id, order)| Step::Cancel(id, order)),
        4 => (1..8_u128, any::<bool>(), lines)
            .prop_map(|(id, atomic, lines)| Step::Batch(id, atomic, lines)),
        2 => any::<Index>().prop_map(Step::RetryBatch),
        1 => account().prop_map(Step::Freeze),
        2 => account().prop_map(Step::Unfreeze),
        1 => (account(), 0..500_i64).prop_map(|(account, minor)| Step::Limit(account, minor)),
        1 => account().prop_map(Step::Close),
    ]
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct ModelAccount {
    balance: i64,
    limit: i64,
    frozen: bool,
    closed: bool,
}

/// A line is posted, declined, or refused.
type ModelOutcome = Result<Option<Decline>, ()>;

/// The pocket calculator.
#[derive(Debug, Default)]
struct Model {
    accounts: [ModelAccount; CURRENCIES.len()],
    decided: HashMap<Uuid, (Transfer, Posting)>,
    batches: HashMap<Uuid, (Batch, BatchReply)>,
}

impl Model {
    /// Decides on a transfer in euros between these accounts; `None` is the bank.
    fn decide(
        &mut self,
        source: Option<usize>,
        destination: Option<usize>,
        amount: i64,
    ) -> Option<Decline> {
        let of_payer = source.and_then(|payer| {
            let ModelAccount { balance, limit, .. } = self.accounts[payer];
            let short = (balance + limit < amount).then_some(Decline::InsufficientFunds);
            self.decline_of(payer).or(short)
        });
        let of_payee = || destination.and_then(|payee| self.decline_of(payee));
        let decline = of_payer.or_else(of_payee);
        if decline.is_some() {
            return decline;
        }
        if let Some(source) = source {
            self.accounts[source].balance -= amount;
        }
        if let Some(destination) = destination {
            self.accounts[destination].balance += amount;
        }
        None
    }

    /// The decline that follows from an account alone.
    fn decline_of(&self, account: usize) -> Option<Decline> {
        let ModelAccount { frozen, closed, .. } = self.accounts[account];
        if closed {
            Some(Decline::AccountClosed)
        } else if frozen {
            Some(Decline::AccountFrozen)
        } else {
            (CURRENCIES[account] != "EUR").then_some(Decline::CurrencyMismatch)
        }
    }

    fn decide_line(&mut self, order: &Order) -> ModelOutcome {
        if order.verdict == Verdict::Refused || order.source == order.destination {
            return Err(());
        }
        if order.verdict == Verdict::Denied {
            return Ok(Some(Decline::ScreeningDenied));
        }
        let (source, destination) = (Some(order.source), Some(order.destination));
        Ok(self.decide(source, destination, order.amount_minor))
    }

    fn decide_batch(&mut self, atomic: bool, orders: &[Order]) -> Vec<ModelOutcome> {
        let before = self.accounts;
        let mut outcomes: Vec<_> = orders.iter().map(|order| self.decide_line(order)).collect();
        let is_whole = outcomes.iter().all(|outcome| *outcome == Ok(None));
        if atomic && !is_whole {
            self.accounts = before;
            let is_refused = outcomes.contains(&Err(()));
            for outcome in &mut outcomes {
                *outcome = match *outcome {
                    Ok(decline) if !is_refused => Ok(decline.or(Some(Decline::BatchDeclined))),
                    _ => Err(()),
                };
            }
        }
        outcomes
    }
}

struct ModelledBank {
    store: SqliteStore,
    ids: Vec<Uuid>,
    model: Model,
    posts: Vec<Transfer>,
    batches: Vec<(Batch, Vec<Order>)>,
}

impl ModelledBank {
    fn open() -> Self {
        let store = store();
        let ids = CURRENCIES.map(|code| open(&store, ALICE, code).id);
        Self {
            store,
            ids: ids.to_vec(),
            model: Model::default(),
            posts: Vec::new(),
            batches: Vec::new(),
        }
    }

    fn instruction(&self, kind: Kind, order: &Order) -> Instruction {
        let source = (kind != Kind::Deposit).then(|| self.ids[order.source]);
        let destination = (kind != Kind::Withdrawal).then(|| self.ids[order.destination]);
        kit::instruction(kind, source, destination, eur(order.amount_minor))
    }

    fn transfer(&self, id: u128, kind: Kind, order: &Order) -> Transfer {
        let mut transfer = kit::transfer(id, self.instruction(kind, order));
        transfer.fingerprint = transfer.instruction.fingerprint();
        transfer.denied_by = denied_by(order);
        transfer
    }

    fn index_of(&self, id: Uuid) -> usize {
        self.ids.iter().position(|other| *other == id).unwrap()
    }

    /// What the ledger must return for a known id. A batch's is no transfer's.
    fn recalled(&self, transfer: &Transfer) -> Option<Result<Reply, LedgerError>> {
        if self.model.batches.contains_key(&transfer.id) {
            return Some(Err(LedgerError::IdReused));
        }
        let (asked, posting) = self.model.decided.get(&transfer.id)?;
        Some(match asked.fingerprint == transfer.fingerprint {
            true => repeated(posting),
            false => Err(LedgerError::IdReused),
        })
    }

    fn ask(&mut self, transfer: Transfer, is_cancel: bool) {
        let reply = match is_cancel {
            true => cancelled(&self.store, &transfer),
            false => posted(&self.store, &transfer),
        };
        self.posts.push(transfer.clone());
        if let Some(recalled) = self.recalled(&transfer) {
            assert_eq!(reply, recalled);
            return;
        }
        let instruction = &transfer.instruction;
        let source = instruction.source.map(|id| self.index_of(id));
        let destination = instruction.destination.as_ref();
        let destination = destination.map(|account| match account {
            AccountRef::Id(id) => self.index_of(*id),
            AccountRef::Number(_) => unreachable!("no step names a number"),
        });
        if source == destination {
            assert_eq!(reply, Err(LedgerError::SameAccount(Side::DestinationId)));
            return;
        }
        let amount = instruction.amount.unwrap().minor();
        let decline = match transfer.denied_by {
            _ if is_cancel => Some(Decline::Cancelled),
            Some(_) => Some(Decline::ScreeningDenied),
            None => self.model.decide(source, destination, amount),
        };
        let Reply { posting, repeated } = reply.unwrap();
        assert_eq!((posting.decline, repeated), (decline, false));
        self.model.decided.insert(transfer.id, (transfer, posting));
    }

    fn batch(&self, id: u128, atomic: bool, orders: &[Order]) -> Batch {
        let lines = orders.iter().map(|order| match order.verdict {
            Verdict::Asked | Verdict::Denied => BatchLine::Transfer {
                instruction: self.instruction(Kind::Transfer, order),
                denied_by: denied_by(order),
            },
            Verdict::Refused => BatchLine::Refused(kit::refusal()),
        });
        let batch = batch(id, atomic, lines.collect::<Vec<_>>());
        with(batch, |it| it.fingerprint = it.instruction.fingerprint(&[]))
    }

    fn post_batch(&mut self, batch: Batch, orders: Vec<Order>) {
        let reply = posted_batch(&self.store, &batch);
        self.batches.push((batch.clone(), orders.clone()));
        let known = self.model.batches.get(&batch.id);
        let is_retry = known.is_some_and(|(first, _)| first.fingerprint == batch.fingerprint);
        if !is_retry && (known.is_some() || self.model.decided.contains_key(&batch.id)) {
            assert_eq!(reply, Err(LedgerError::IdReused));
            return;
        }
        let reply = reply.unwrap();
        assert_eq!(reply.repeated, is_retry);
        if let Some((_, recorded)) = known {
            assert_eq!(reply.outcomes, recorded.outcomes);
            return;
        }
        let outcomes = reply.outcomes.iter().map(|outcome| match outcome {
            LineOutcome::Recorded(posting) => Ok(posting.decline),
            LineOutcome::Refused(_) => Err(()),
        });
        let outcomes: Vec<ModelOutcome> = outcomes.collect();
        let expected = self.model.decide_batch(batch.instruction.atomic, &orders);
        assert_eq!(outcomes, expected);
        for (index, outcome) in reply.outcomes.iter().enumerate() {
            if let LineOutcome::Recorded(posting) = outcome {
                let decided = (batch.transfer(index).unwrap(), (**posting).clone());
                // It may be posted again alone.
                self.posts.push(decided.0.clone());
                self.model.decided.insert(posting.id, decided);
            }
        }
        if outcomes.iter().any(Result::is_ok) {
            self.model.batches.insert(batch.id, (batch, reply));
        }
    }

    fn manage(&mut self, step: &Step) {
        let (store, actor) = (&self.store, &teller());
        match *step {
            Step::Freeze(account) => {
                let both = account::Freeze::Both;
                let done = account::freeze(store, &CLOCK, self.ids[account], both, actor).is_ok();
                self.model.accounts[account].frozen |= done;
            }
            Step::Unfreeze(account) => {
                let done = account::unfreeze(store, &CLOCK, self.ids[account], actor).is_ok();
                self.model.accounts[account].frozen &= !done;
            }
            Step::Limit(account, minor) => {
                let model = &mut self.model.accounts[account];
                let allowed = !model.closed && model.balance + minor >= 0;
                let done = kit::set_limit(store, &CLOCK, self.ids[account], minor).is_ok();
                assert_eq!(done, allowed);
                if allowed {
                    model.limit = minor;
                }
            }
            Step::Close(account) => {
                let model = &mut self.model.accounts[account];
                let allowed = !model.closed && !model.frozen && model.balance == 0;
                let done = account::close(store, &CLOCK, self.ids[account], actor).is_ok();
                assert_eq!(done, allowed);
                model.closed |= done;
            }
            _ => unreachable!("moves money"),
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Post(id, kind, order) => self.ask(self.transfer(*id, *kind, order), false),
            Step::Retry(index) if !self.posts.is_empty() => {
                self.ask(index.get(&self.posts).clone(), false);
            }
            Step::Cancel(id, order) => self.ask(self.transfer(*id, Kind::Transfer, order), true),
            Step::Batch(id, atomic, orders) => {
                self.post_batch(self.batch(*id, *atomic, orders), orders.clone());
            }
            Step::RetryBatch(index) if !self.batches.is_empty() => {
                let (batch, orders) = index.get(&self.batches).clone();
                self.post_batch(batch, orders);
            }
            Step::Retry(_) | Step::RetryBatch(_) => {}
            _ => self.manage(step),
        }
    }

    fn check(&self) {
        assert_invariants(&self.store);
        for (id, model) in self.ids.iter().zip(&self.model.accounts) {
            let account = account::by_id(&self.store, *id).unwrap().unwrap();
            assert_eq!(account.balance.posted(), model.balance);
        }
        // The journal has each decided id once.
        let journal = journal(&self.store, 0, 1_000).unwrap();
        assert_eq!(journal.len(), self.model.decided.len());
        for posting in &journal {
            assert_eq!(*posting, self.model.decided[&posting.id].1);
        }
        for (batch, _) in &self.batches {
            let found = ledger_of(self.store.clone()).find_batch(batch.id).unwrap();
            let found = found.map(|record| (record.fingerprint, record.outcomes));
            let recorded = self.model.batches.get(&batch.id);
            let recorded = recorded.map(|(it, reply)| (it.fingerprint, reply.outcomes.clone()));
            assert_eq!(found, recorded);
        }
    }
}

fn denied_by(order: &Order) -> Option<String> {
    (order.verdict == Verdict::Denied).then(|| "rule".to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_ledger_decides_as_the_model_does(steps in prop::collection::vec(step(), 1..80)) {
        let mut bank = ModelledBank::open();
        for step in &steps {
            bank.take(step);
        }
        bank.check();
    }
}
