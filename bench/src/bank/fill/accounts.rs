//! The accounts of a large bank: most are open checking accounts in EUR, each with a deposit, and
//! some of every other kind, currency, and status.

use anyhow::Result;
use rand::RngExt;
use rand::rngs::StdRng;
use strongroom_account::account::{
    AccountType, Freeze, NumberFormat, OpenRequest, OpenRules, close, freeze, open,
};
use strongroom_ledger_api::{AccountRef, Instruction, Kind};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::money::Currency;
use strongroom_sdk::random::SystemRandom;
use uuid::Uuid;

use super::{euros, post_one};
use crate::bank::Bank;
use crate::bank::bulk::BulkStore;

/// How many accounts each owner has who never logs in. A customer who does owns one account in this
/// many: their accounts are all over the store. (The time to open an account grows with the number
/// of its owner's accounts.)
const ACCOUNTS_OF_OWNER: usize = 100;
/// The id of the first owner who never logs in; the others follow.
const FIRST_OWNER: u128 = 1 << 64;
/// The deposit in each account that pays, in cents. No account runs out.
const DEPOSIT_CENTS: i64 = 100_000_000;

/// What becomes of an account that is open.
enum Then {
    /// It pays, and is paid.
    Deposit,
    Freeze,
    Close,
    Nothing,
}

/// One account in a hundred is foreign, one in a thousand frozen or closed, and one in ten thousand
/// the bank's own.
fn account(number: usize, owner: Uuid) -> Result<(OpenRequest, Then)> {
    let (euro, dollar) = (Currency::from_code("EUR")?, Currency::from_code("USD")?);
    let checking = |currency| OpenRequest::of_customer(owner, AccountType::Checking, currency);
    let savings = || OpenRequest::of_customer(owner, AccountType::Savings, euro);
    let fees = format!("fees_{number}");
    Ok(
        match (number % 10_000, number % 1_000, number % 100, number % 10) {
            (31, ..) => (OpenRequest::internal(fees.parse()?, euro), Then::Nothing),
            (_, 41, ..) => (checking(euro), Then::Freeze),
            (_, 51, ..) => (checking(euro), Then::Close),
            (_, _, 61, _) => (checking(dollar), Then::Nothing),
            (.., 7) => (savings(), Then::Deposit),
            _ => (checking(euro), Then::Deposit),
        },
    )
}

/// Opens accounts, and returns those that pay. Those of customers who log in are added to the bank.
pub(super) fn open_all(
    store: &BulkStore,
    random: &mut StdRng,
    bank: &mut Bank,
    count: usize,
) -> Result<Vec<Uuid>> {
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000")?,
        accounts_per_user_max: u32::MAX,
    };
    let actor = &Actor::BANK;
    let customers = bank.customers.len();
    let mut paying = Vec::with_capacity(count);
    for number in 0..count {
        let owner = number / ACCOUNTS_OF_OWNER;
        let customer =
            (number % ACCOUNTS_OF_OWNER == 0).then(|| &mut bank.customers[owner % customers]);
        let owner_id = match &customer {
            Some(customer) => Uuid::parse_str(&customer.id)?,
            None => Uuid::from_u128(FIRST_OWNER + owner as u128),
        };
        let (request, then) = account(number, owner_id)?;
        let id = open(store, &SystemClock, &SystemRandom, &rules, request, actor)?.id;
        match then {
            Then::Deposit => {
                // Random, as real ids are hashes.
                let transfer = Uuid::from_u128(random.random());
                let deposit = Instruction {
                    destination: Some(AccountRef::Id(id)),
                    ..Instruction::new(Kind::Deposit, euros(DEPOSIT_CENTS)?)
                };
                post_one(store, transfer, deposit)?;
                paying.push(id);
            }
            Then::Freeze => drop(freeze(store, &SystemClock, id, Freeze::Both, actor)?),
            Then::Close => drop(close(store, &SystemClock, id, actor)?),
            Then::Nothing => {}
        }
        if let Some(customer) = customer {
            customer.accounts.push(id.to_string());
        }
    }
    Ok(paying)
}
