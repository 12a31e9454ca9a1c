//! Clients who want everything that a bank does with money.
//!
//! Accounts are chosen by Zipf's law, as in life: the second is wanted half as often as the first,
//! the third a third as often. So a few are in nearly every transaction, and in each other's way.

use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;

use rand::distr::weighted::WeightedIndex;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::call::{Line, Reply, Sum, Told, Wish};
use super::journal::Leg;
use super::record::{Ask, History};
use super::words::{Currency, Direction, Outcome};
use crate::bank::{day, new_key};
use crate::host::Host;
use crate::{Bank, Person};

/// Weights are whole numbers.
const WEIGHT_OF_FIRST: u32 = 1_000_000;
/// What each account begins with, in minor units.
pub const OPENING: i64 = 10_000;
/// The largest payment: large enough that some are declined.
const AMOUNT_MAX: i64 = 4_000;
/// The largest of many small ones.
const SMALL_AMOUNT_MAX: i64 = 20;
/// One in so many payees has no account: then only a decline of the payer is recorded.
const UNKNOWN_IN: u32 = 100;
/// One in so many batches that may fail has one such line.
const BATCHES_WITH_UNKNOWN_IN: u32 = 4;
/// The most payees of one posting.
const PAYEES_MAX: usize = 5;
/// How many postings a client remembers, to have them reversed.
const POSTINGS_MAX: usize = 50;
/// One in so many wishes is a standing order, where there are some.
const ORDERS_IN: u32 = 8;
/// How many standing orders a client makes: the bank takes a thousand of a user.
const ORDERS_MAX: usize = 50;
/// When standing orders begin.
pub const ORDERS_BEGIN_IN_DAYS: i64 = 30;
/// Seconds: some holds are left to expire within the test.
const EXPIRES_IN: [u32; 4] = [1, 2, 60, 3_600];

/// Everybody who has accounts, and the administrator.
#[derive(Debug, Clone)]
pub struct Town {
    pub admin: Person,
    pub owners: Vec<Person>,
    accounts: Vec<TownAccount>,
    popularity: WeightedIndex<u32>,
}

#[derive(Debug, Clone, Copy)]
struct TownAccount {
    id: Uuid,
    owner: usize,
    currency: Currency,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Admin,
    Owner(usize),
}

impl Town {
    /// Registers owners, each with an account in each currency, and pays [`OPENING`] into each.
    pub async fn open(
        bank: &Bank,
        history: &History,
        owners: usize,
        currencies: &[Currency],
    ) -> Self {
        let admin = bank.admin().await;
        let mut people = Vec::new();
        for _owner in 0..owners {
            people.push(bank.customer().await);
        }
        let mut accounts = Vec::new();
        // The most popular ones have many owners.
        for currency in currencies.iter().copied() {
            let mut opened = JoinSet::new();
            for (owner, person) in people.iter().enumerate() {
                let (person, admin, history) = (person.clone(), admin.clone(), history.clone());
                opened.spawn(async move {
                    let id = open_account(&person, &admin, &history, currency).await;
                    TownAccount {
                        id,
                        owner,
                        currency,
                    }
                });
            }
            let mut opened = opened.join_all().await;
            opened.sort_unstable_by_key(|account| account.owner);
            accounts.append(&mut opened);
        }
        let ranks = 1..=u32::try_from(accounts.len()).expect("a town of some size");
        Self {
            admin,
            owners: people,
            accounts,
            popularity: WeightedIndex::new(ranks.map(|rank| WEIGHT_OF_FIRST / rank))
                .expect("there are accounts"),
        }
    }

    /// The same people at a host that was restarted.
    pub fn at(&self, host: &Host) -> Self {
        Self {
            admin: self.admin.at(host),
            owners: self.owners.iter().map(|owner| owner.at(host)).collect(),
            ..self.clone()
        }
    }

    /// Access tokens live for five minutes; these live for five more.
    pub async fn log_in_again(&mut self) {
        self.admin = self.admin.log_in_again().await;
        for owner in &mut self.owners {
            *owner = owner.log_in_again().await;
        }
    }

    pub fn person(&self, who: Who) -> &Person {
        match who {
            Who::Admin => &self.admin,
            Who::Owner(owner) => &self.owners[owner],
        }
    }

    /// All accounts, the most popular first.
    pub fn account_ids(&self) -> impl Iterator<Item = Uuid> {
        self.accounts.iter().map(|account| account.id)
    }

    /// The same, of a small town.
    pub fn accounts<const N: usize>(&self) -> [Uuid; N] {
        let ids: Vec<Uuid> = self.account_ids().collect();
        ids.try_into().expect("it has so many accounts")
    }

    fn account(&self, random: &mut StdRng) -> TownAccount {
        self.accounts[random.sample(&self.popularity)]
    }
}

/// Opens an account with [`OPENING`] in it.
pub async fn open_account(
    owner: &Person,
    admin: &Person,
    history: &History,
    currency: Currency,
) -> Uuid {
    let id = owner.open_account(currency.word()).await;
    let account = Uuid::parse_str(&id).expect("an account's id");
    let deposit = Wish::Deposit(account, (OPENING, currency));
    let ask = Ask::new(&format!("opening-{id}"), deposit);
    let reply = history.ask_until_answered(admin, &ask).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    account
}

/// What a client wants how often.
#[derive(Debug, Clone)]
pub struct Mix {
    /// Of a hundred wishes, so many are batches of so many lines.
    pub batches: u32,
    pub lines: RangeInclusive<usize>,
    /// Whether money comes into the bank and leaves it.
    pub cash: bool,
    /// Whether there are standing orders, which pay nothing before the test is over.
    pub orders: bool,
}

/// One client's endless list of wishes, for all the people of a town.
#[derive(Debug)]
pub struct Wishes {
    mix: Mix,
    /// Of its keys, which no other client has.
    prefix: String,
    made: usize,
    random: StdRng,
    /// Those that have not ended yet, as far as this client knows.
    holds: Vec<Held>,
    /// The newest postings.
    posted: VecDeque<Uuid>,
    /// How many standing orders it has wanted.
    orders: usize,
}

/// A hold, who placed it, and what it holds.
type Held = (Who, Uuid, Sum);

impl Wishes {
    /// Those of so many clients.
    pub fn of_clients(count: usize, mix: &Mix, random: &mut StdRng) -> Vec<Self> {
        let client = |_| Self {
            mix: mix.clone(),
            prefix: new_key(),
            made: 0,
            random: StdRng::seed_from_u64(random.random()),
            holds: Vec::new(),
            posted: VecDeque::new(),
            orders: 0,
        };
        (0..count).map(client).collect()
    }

    /// The next wish, and whose it is.
    pub fn next(&mut self, town: &Town) -> (Who, Ask) {
        self.made += 1;
        let key = format!("{}-{}", self.prefix, self.made);
        let (who, wish) = self.wish(town);
        (who, Ask::new(&key, wish))
    }

    /// Remembers what can be ended or reversed later.
    pub fn learn(&mut self, who: Who, reply: &Reply) {
        let (Told::Decided(decided), Who::Owner(_)) = (&reply.told, who) else {
            return;
        };
        match (decided.outcome, &decided.details) {
            (Outcome::Pending, Some(held)) => {
                let sum = (held.amount, held.currency);
                self.holds.push((who, decided.id, sum));
            }
            (Outcome::Posted, Some(_)) => {
                self.posted.push_back(decided.id);
                if self.posted.len() > POSTINGS_MAX {
                    self.posted.pop_front();
                }
            }
            _ => {}
        }
    }

    fn wish(&mut self, town: &Town) -> (Who, Wish) {
        // The first wish is one, so that the transaction service's store is soon written to, too.
        let may_order = self.mix.orders && self.orders < ORDERS_MAX;
        if may_order && (self.orders == 0 || self.random.random_ratio(1, ORDERS_IN)) {
            self.orders += 1;
            let from = town.account(&mut self.random);
            let line = self.line_from(town, from, true);
            let start = day(ORDERS_BEGIN_IN_DAYS);
            return (Who::Owner(from.owner), Wish::Order(line, start));
        }
        let percent: u32 = self.random.random_range(0..100);
        if percent < self.mix.batches {
            return self.batch(town);
        }
        let end_of_hold = match self.random.random_range(0..100_u32) {
            0..10 => return self.hold(town),
            10..20 => self.capture(),
            20..26 => self.void(),
            26..32 => self.reversal(),
            32..36 if self.mix.cash => return self.cash(town),
            36..44 => return self.posting(town),
            _ => None,
        };
        end_of_hold.unwrap_or_else(|| {
            let (who, line) = self.line(town);
            (who, Wish::Transfer(line))
        })
    }

    /// One payer, and a few payees; now and then one that does not exist.
    fn posting(&mut self, town: &Town) -> (Who, Wish) {
        let from = town.account(&mut self.random);
        let count = self.random.random_range(1..=PAYEES_MAX);
        let mut payees = BTreeSet::new();
        for _ in 0..count {
            payees.insert(self.line_from(town, from, true).to);
        }
        if self.random.random_ratio(1, UNKNOWN_IN) {
            payees.insert(self.unknown());
        }
        let credit = |payee| {
            let amount = self.amount() / 2 + 1;
            Leg::new(payee, Direction::Credit, amount, from.currency)
        };
        let mut legs: Vec<Leg> = payees.into_iter().map(credit).collect();
        let sum = legs.iter().map(|leg| leg.amount).sum();
        let debit = Leg::new(from.id, Direction::Debit, sum, from.currency);
        legs.insert(self.random.random_range(0..=legs.len()), debit);
        (Who::Owner(from.owner), Wish::Posting(legs))
    }

    fn hold(&mut self, town: &Town) -> (Who, Wish) {
        let (who, line) = self.line(town);
        let expires_in = *EXPIRES_IN.choose(&mut self.random).expect("there are some");
        (who, Wish::Hold(line, expires_in))
    }

    /// All of a hold, a part, or a little more than it: now and then of one that has ended.
    fn capture(&mut self) -> Option<(Who, Wish)> {
        let (who, hold, (held, currency)) = self.held()?;
        let amount = match self.random.random_range(0..10_u32) {
            0..5 => None,
            5..9 => Some((self.random.random_range(1..=held), currency)),
            _ => Some((held + 1, currency)),
        };
        Some((who, Wish::Capture(hold, amount)))
    }

    fn void(&mut self) -> Option<(Who, Wish)> {
        let (who, hold, _) = self.held()?;
        Some((who, Wish::Void(hold)))
    }

    /// Mostly forgotten then.
    fn held(&mut self) -> Option<Held> {
        let index = self.random.random_range(0..self.holds.len().max(1));
        let held = *self.holds.get(index)?;
        if self.random.random_ratio(4, 5) {
            self.holds.swap_remove(index);
        }
        Some(held)
    }

    fn reversal(&mut self) -> Option<(Who, Wish)> {
        let index = self.random.random_range(0..self.posted.len().max(1));
        let id = *self.posted.get(index)?;
        Some((Who::Admin, Wish::Reverse(id)))
    }

    fn cash(&mut self, town: &Town) -> (Who, Wish) {
        let account = town.account(&mut self.random);
        let sum = (self.amount(), account.currency);
        match self.random.random() {
            true => (Who::Admin, Wish::Deposit(account.id, sum)),
            false => (Who::Owner(account.owner), Wish::Withdraw(account.id, sum)),
        }
    }

    /// All lines are of one payer. Mostly they are small, and can all be made; or they are any.
    fn batch(&mut self, town: &Town) -> (Who, Wish) {
        let owner = town.account(&mut self.random).owner;
        let accounts = town.accounts.iter().copied();
        let own: Vec<TownAccount> = accounts.filter(|account| account.owner == owner).collect();
        let count = self.random.random_range(self.mix.lines.clone());
        let is_careful = self.random.random_ratio(3, 4);
        let lines = (0..count).map(|_| {
            let from = *own.choose(&mut self.random).expect("an owner has accounts");
            self.line_from(town, from, is_careful)
        });
        let mut lines: Vec<Line> = lines.collect();
        if !is_careful && self.random.random_ratio(1, BATCHES_WITH_UNKNOWN_IN) {
            let line = self.random.random_range(0..count);
            lines[line].to = self.unknown();
        }
        let atomic = self.random.random();
        (Who::Owner(owner), Wish::Batch { lines, atomic })
    }

    fn line(&mut self, town: &Town) -> (Who, Line) {
        let from = town.account(&mut self.random);
        let mut line = self.line_from(town, from, false);
        if self.random.random_ratio(1, UNKNOWN_IN) {
            line.to = self.unknown();
        }
        (Who::Owner(from.owner), line)
    }

    fn unknown(&mut self) -> Uuid {
        Uuid::from_u128(self.random.random())
    }

    /// One that is small can be made.
    fn line_from(&mut self, town: &Town, from: TownAccount, is_small: bool) -> Line {
        let amount = match is_small {
            true => self.random.random_range(1..=SMALL_AMOUNT_MAX),
            false => self.amount(),
        };
        let to = loop {
            let to = town.account(&mut self.random);
            if to.id != from.id && (!is_small || to.currency == from.currency) {
                break to.id;
            }
        };
        Line {
            from: from.id,
            to,
            amount,
            currency: from.currency,
        }
    }

    fn amount(&mut self) -> i64 {
        self.random.random_range(1..=AMOUNT_MAX)
    }
}
