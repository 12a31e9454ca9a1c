//! Goal: whatever the order of operations, the ledger decides as a bank with a pocket calculator would, and every invariant holds.
//! Method: random sequences of posts, repetitions, fences, freezes, limits, and closings over a few accounts, side by side with a model
//! that knows nothing of SQL, double entry, or hashes. A failure prints its shortest sequence.

use crate::account::{self, AccountType, Actor, NumberFormat, OpenRequest, OpenRules};
use crate::audit::check_invariants;
use crate::ledger::{self, AccountRef, DebitAuthority, Decline, Kind, Posting, Transfer};
use crate::schema::MIGRATIONS;
use proptest::prelude::*;
use std::collections::HashMap;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::money::Currency;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{SqliteStore, migrate};
use uuid::Uuid;

/// Accounts 0 to 2 are in euros, the last is in yen.
const CURRENCIES: [&str; 4] = ["EUR", "EUR", "EUR", "JPY"];
const OWNER: Uuid = Uuid::from_u128(0xA);

#[derive(Debug, Clone)]
enum Operation {
    Post {
        id: u128,
        kind: Kind,
        source: usize,
        destination: usize,
        amount_minor: i64,
    },
    /// The same words again as an earlier post.
    Repeat {
        index: prop::sample::Index,
    },
    Fence {
        id: u128,
        source: usize,
        destination: usize,
    },
    Freeze {
        account: usize,
    },
    Unfreeze {
        account: usize,
    },
    Limit {
        account: usize,
        limit_minor: i64,
    },
    Close {
        account: usize,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    let account = || 0..CURRENCIES.len();
    let kind = prop::sample::select(vec![
        Kind::Deposit,
        Kind::Withdrawal,
        Kind::Transfer,
        Kind::Transfer,
    ]);
    // Few ids, so that some are used twice for different transfers.
    let id = || 1..60_u128;
    prop_oneof![
        12 => (id(), kind, account(), account(), 1..1_000_i64).prop_map(|(id, kind, source, destination, amount_minor)| {
            Operation::Post { id, kind, source, destination, amount_minor }
        }),
        4 => any::<prop::sample::Index>().prop_map(|index| Operation::Repeat { index }),
        1 => (id(), account(), account()).prop_map(|(id, source, destination)| Operation::Fence { id, source, destination }),
        1 => account().prop_map(|account| Operation::Freeze { account }),
        2 => account().prop_map(|account| Operation::Unfreeze { account }),
        1 => (account(), 0..500_i64).prop_map(|(account, limit_minor)| Operation::Limit { account, limit_minor }),
        1 => account().prop_map(|account| Operation::Close { account }),
    ]
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct ModelAccount {
    balance: i64,
    limit: i64,
    frozen: bool,
    closed: bool,
}

/// The pocket calculator.
#[derive(Debug, Default)]
struct Model {
    accounts: [ModelAccount; CURRENCIES.len()],
    decided: HashMap<u128, (Transfer, Posting)>,
}

impl Model {
    /// What becomes of a transfer in euros between these accounts; `None` is the bank.
    fn decide(
        &mut self,
        source: Option<usize>,
        destination: Option<usize>,
        amount: i64,
    ) -> Option<Decline> {
        let ends: Vec<usize> = [source, destination].into_iter().flatten().collect();
        let any =
            |test: fn(&ModelAccount) -> bool| ends.iter().any(|end| test(&self.accounts[*end]));
        if any(|account| account.closed) {
            return Some(Decline::AccountClosed);
        }
        if any(|account| account.frozen) {
            return Some(Decline::AccountFrozen);
        }
        if ends.iter().any(|end| CURRENCIES[*end] != "EUR") {
            return Some(Decline::CurrencyMismatch);
        }
        if source.is_some_and(|end| self.accounts[end].balance + self.accounts[end].limit < amount)
        {
            return Some(Decline::InsufficientFunds);
        }
        if let Some(source) = source {
            self.accounts[source].balance -= amount;
        }
        if let Some(destination) = destination {
            self.accounts[destination].balance += amount;
        }
        None
    }
}

struct Bank {
    store: SqliteStore,
    ids: Vec<Uuid>,
    actor: Actor,
    model: Model,
    posts: Vec<Transfer>,
}

impl Bank {
    fn open() -> Self {
        let store = SqliteStore::in_memory().unwrap();
        migrate(&store, MIGRATIONS).unwrap();
        let actor = Actor {
            id: OWNER,
            role: "teller".to_owned(),
            request_id: String::new(),
        };
        let rules = OpenRules {
            number_format: NumberFormat::new("DE", "10000000").unwrap(),
            accounts_per_user_max: 100,
        };
        let ids = CURRENCIES.map(|code| {
            let request = OpenRequest {
                owner_id: OWNER,
                account_type: AccountType::Checking,
                currency: Currency::from_code(code).unwrap(),
                name: None,
            };
            account::open(
                &store,
                (&SystemClock, &SystemRandom),
                &rules,
                request,
                &actor,
            )
            .unwrap()
            .id
        });
        Self {
            store,
            ids: ids.to_vec(),
            actor,
            model: Model::default(),
            posts: Vec::new(),
        }
    }

    fn transfer(
        &self,
        id: u128,
        kind: Kind,
        source: usize,
        destination: usize,
        amount_minor: i64,
    ) -> Transfer {
        let mut transfer = Transfer {
            id: Uuid::from_u128(id),
            fingerprint: [0; 32],
            kind,
            authority: DebitAuthority::Bank,
            initiator: OWNER,
            source: (kind != Kind::Deposit).then(|| self.ids[source]),
            destination: (kind != Kind::Withdrawal).then(|| AccountRef::Id(self.ids[destination])),
            subject: None,
            amount_minor,
            currency: "EUR".to_owned(),
            reference: None,
            metadata: None,
            timeout_seconds: None,
            requested_at_ms: 0,
        };
        // Another request has another fingerprint; one byte of it is enough for these few.
        for (byte, value) in [kind as u8, source as u8, destination as u8]
            .into_iter()
            .chain(amount_minor.to_be_bytes())
            .enumerate()
        {
            transfer.fingerprint[byte] = value;
        }
        transfer
    }

    fn index_of(&self, id: Uuid) -> usize {
        self.ids.iter().position(|other| *other == id).unwrap()
    }

    fn post(&mut self, transfer: Transfer) {
        let answer = ledger::post(&self.store, &SystemClock, &transfer);
        self.posts.push(transfer.clone());
        let id = transfer.id.as_u128();
        if let Some((first, posting)) = self.model.decided.get(&id) {
            if first.fingerprint == transfer.fingerprint {
                assert_eq!(
                    answer.as_ref(),
                    Ok(posting),
                    "a known id answers its record"
                );
            } else {
                assert_eq!(answer, Err(ledger::LedgerError::IdReused));
            }
            return;
        }
        let source = transfer.source.map(|id| self.index_of(id));
        let destination = transfer.destination.as_ref().map(|account| match account {
            AccountRef::Id(id) => self.index_of(*id),
            AccountRef::Number(_) => unreachable!("no operation names a number"),
        });
        if source == destination {
            assert_eq!(answer, Err(ledger::LedgerError::Invalid("destination")));
            return;
        }
        let posting = answer.unwrap();
        assert_eq!(
            posting.decline,
            self.model
                .decide(source, destination, transfer.amount_minor)
        );
        self.model.decided.insert(id, (transfer, posting));
    }

    fn fence(&mut self, transfer: Transfer) {
        let id = transfer.id.as_u128();
        let known = self
            .model
            .decided
            .get(&id)
            .map(|(first, _)| first.fingerprint);
        let answer = ledger::fence(&self.store, &SystemClock, &transfer);
        match (known, answer) {
            (None, Ok(posting)) => {
                assert_eq!(posting.decline, Some(Decline::Cancelled));
                self.model.decided.insert(id, (transfer, posting));
            }
            (Some(fingerprint), Ok(posting)) => {
                assert_eq!(fingerprint, transfer.fingerprint);
                assert_eq!(
                    Some(&posting),
                    self.model.decided.get(&id).map(|(_, posting)| posting)
                );
            }
            (Some(fingerprint), Err(error)) => {
                assert_eq!(error, ledger::LedgerError::IdReused);
                assert_ne!(fingerprint, transfer.fingerprint);
            }
            (None, Err(error)) => {
                assert_eq!(error, ledger::LedgerError::Invalid("destination"));
                assert_eq!(transfer.source.map(AccountRef::Id), transfer.destination);
            }
        }
    }

    fn manage(&mut self, operation: &Operation) {
        let (store, actor) = (&self.store, &self.actor);
        match *operation {
            Operation::Freeze { account } => {
                let done = account::freeze(
                    store,
                    &SystemClock,
                    self.ids[account],
                    account::Freeze::Both,
                    actor,
                )
                .is_ok();
                self.model.accounts[account].frozen |= done;
            }
            Operation::Unfreeze { account } => {
                let done = account::unfreeze(store, &SystemClock, self.ids[account], actor).is_ok();
                self.model.accounts[account].frozen &= !done;
            }
            Operation::Limit {
                account,
                limit_minor,
            } => {
                let model = &mut self.model.accounts[account];
                let allowed = !model.closed && model.balance + limit_minor >= 0;
                let done = account::set_overdraft_limit(
                    store,
                    &SystemClock,
                    self.ids[account],
                    limit_minor,
                    actor,
                )
                .is_ok();
                assert_eq!(done, allowed);
                if done {
                    model.limit = limit_minor;
                }
            }
            Operation::Close { account } => {
                let model = &mut self.model.accounts[account];
                let allowed = !model.closed && !model.frozen && model.balance == 0;
                let done = account::close(store, &SystemClock, self.ids[account], actor).is_ok();
                assert_eq!(done, allowed);
                model.closed |= done;
            }
            _ => unreachable!("moves money"),
        }
    }

    fn apply(&mut self, operation: &Operation) {
        match *operation {
            Operation::Post {
                id,
                kind,
                source,
                destination,
                amount_minor,
            } => {
                let transfer = self.transfer(id, kind, source, destination, amount_minor);
                self.post(transfer);
            }
            Operation::Repeat { index } => {
                if !self.posts.is_empty() {
                    let transfer = index.get(&self.posts).clone();
                    self.post(transfer);
                }
            }
            Operation::Fence {
                id,
                source,
                destination,
            } => {
                let transfer = self.transfer(id, Kind::Transfer, source, destination, 1);
                self.fence(transfer);
            }
            _ => self.manage(operation),
        }
    }

    fn check(&self) {
        let report = check_invariants(&self.store).unwrap();
        assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
        for (id, model) in self.ids.iter().zip(&self.model.accounts) {
            let account = account::by_id(&self.store, *id).unwrap().unwrap();
            assert_eq!(account.balance.posted(), model.balance);
        }
        let journal = ledger::journal(&self.store, 0, 1_000).unwrap();
        assert_eq!(
            journal.len(),
            self.model.decided.len(),
            "each decided id stands in the journal once"
        );
        for posting in &journal {
            assert_eq!(
                Some(posting),
                self.model
                    .decided
                    .get(&posting.id.as_u128())
                    .map(|(_, posting)| posting)
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_ledger_decides_as_the_model_does(operations in prop::collection::vec(operation(), 1..80)) {
        let mut bank = Bank::open();
        for operation in &operations {
            bank.apply(operation);
        }
        bank.check();
    }
}
