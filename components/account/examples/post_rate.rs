//! How many transfers a second the ledger posts on SQLite itself: the CPU of one `post`, without
//! host, HTTP, or fsync.
//!
//! `cargo run --release -p strongroom-account --example post_rate -- [transfers] [accounts]`
//!
//! Each transfer is the ledger's own `post` between two of the accounts, in its own transaction of
//! a database in memory.

use std::error::Error;
use std::time::Instant;
use strongroom_account::account::{AccountType, NumberFormat, OpenRequest, OpenRules, open};
use strongroom_account::audit::check_invariants;
use strongroom_account::ledger::post;
use strongroom_account::schema::MIGRATIONS;
use strongroom_ledger_api::{
    AccountRef, Actor as Asker, DebitAuthority, Instruction, Kind, Status, Transfer,
};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{SqliteStore, migrate};
use uuid::Uuid;

const OWNER: Uuid = Uuid::from_u128(0xA);
const TELLER: Uuid = Uuid::from_u128(0x7);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let transfers: usize = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let accounts: usize = arguments.next().map_or(Ok(10_000), |text| text.parse())?;

    let store = SqliteStore::in_memory()?;
    migrate(&store, MIGRATIONS)?;
    let account_ids = (0..accounts.max(2))
        .map(|_| open_account(&store))
        .collect::<Result<Vec<_>, _>>()?;
    for (number, id) in account_ids.iter().enumerate() {
        let deposit = transfer(number, Kind::Deposit, None, *id)?;
        let posting = post(&store, &SystemClock, &deposit)?.posting;
        assert_eq!(posting.status, Status::Posted);
    }

    let begin = Instant::now();
    for number in 0..transfers {
        // This stride visits the accounts in an order that no page cache helps.
        let source = number.wrapping_mul(7_919) % account_ids.len();
        let destination = (source + 1) % account_ids.len();
        let payment = transfer(
            account_ids.len() + number,
            Kind::Transfer,
            account_ids.get(source).copied(),
            account_ids[destination],
        )?;
        let posting = post(&store, &SystemClock, &payment)?.posting;
        assert_eq!(posting.status, Status::Posted);
    }
    let elapsed = begin.elapsed();
    let nanoseconds = elapsed.as_nanos() / transfers.max(1) as u128;
    println!(
        "{transfers} transfers between {} accounts: {} a second, {}.{} us each",
        account_ids.len(),
        1_000_000_000 / nanoseconds.max(1),
        nanoseconds / 1_000,
        nanoseconds / 100 % 10
    );

    let begin = Instant::now();
    let report = check_invariants(&store)?;
    assert_eq!(report.violations().next(), None);
    println!("verified in {} ms", begin.elapsed().as_millis());
    Ok(())
}

fn open_account(store: &SqliteStore) -> Result<Uuid, Box<dyn Error>> {
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000")?,
        accounts_per_user_max: u32::MAX,
    };
    let euro = Currency::from_code("EUR")?;
    let request = OpenRequest::of_customer(OWNER, AccountType::Checking, euro);
    let actor = Actor {
        on_behalf_of: None,
        id: OWNER,
        role: "customer".into(),
        request_id: None,
    };
    Ok(open(store, &SystemClock, &SystemRandom, &rules, request, &actor)?.id)
}

fn transfer(
    number: usize,
    kind: Kind,
    source: Option<Uuid>,
    destination: Uuid,
) -> Result<Transfer, Box<dyn Error>> {
    let number = number as u128;
    let (authority, actor, minor) = match kind {
        Kind::Transfer => (DebitAuthority::Owner(OWNER), OWNER, 100),
        _ => (DebitAuthority::Bank, TELLER, 1_000_000),
    };
    let amount = Money::from_minor(minor, Currency::from_code("EUR")?);
    Ok(Transfer {
        // Spread like real ids, which are hashes.
        id: Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        fingerprint: [7; 32],
        authority,
        actor: Asker::user(actor),
        on_behalf_of: None,
        request_id: None,
        instruction: Instruction {
            source,
            destination: Some(AccountRef::Id(destination)),
            reference: Some("Invoice 2026-117".to_owned()),
            ..Instruction::new(kind, amount)
        },
        denied_by: None,
        requested_at_ms: 0,
    })
}
