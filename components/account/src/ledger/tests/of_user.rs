//! Goal: a user reads the rows that concern them and no others, whatever other users have.

use super::*;
use crate::tests::kit::NotingStore;
use proptest::prelude::*;

const USERS: [Uuid; 4] = [ALICE, BOB, Uuid::from_u128(0xC), Uuid::from_u128(0xD)];

/// One transfer: its kind, its accounts, its amount, and whether a screening denies it.
type Payment = (u8, usize, usize, i64, bool);

/// Two accounts of each user but the last, who has none.
fn accounts(store: &SqliteStore) -> Vec<Account> {
    let owners = USERS[..3].iter().flat_map(|owner| [*owner; 2]);
    owners.map(|owner| open(store, owner, "EUR")).collect()
}

/// Posts or cancels a transfer; a refused one leaves no row.
fn pay_any(store: &SqliteStore, accounts: &[Account], id: u128, payment: Payment) {
    let (kind, from, to, amount, is_denied) = payment;
    let missing = Uuid::from_u128(404);
    let at = |place: usize| accounts.get(place).map_or(missing, |account| account.id);
    let asker = USERS[from % USERS.len()];
    let owner = accounts.get(from).map_or(asker, |account| account.owner_id);
    // Now and then a user names another user's account.
    let owner = if amount % 7 == 0 { asker } else { owner };
    let (from, to) = (Some(at(from)), Some(at(to)));
    let original = 1 + u128::from(amount.unsigned_abs()) % id;
    let asked = lookup(store, Uuid::from_u128(original))
        .map(|posting| posting.amount.map_or(1, |amount| amount.minor()));
    let asked = asked.unwrap_or(1);
    let mut request = match kind {
        0 => transfer(id, Kind::Deposit, None, to, amount * 2),
        1 => transfer(id, Kind::Withdrawal, from, None, amount),
        4 => transfer(id, Kind::Hold, from, to, amount),
        5 => holds::of_original(id, Kind::Capture, original, asked),
        6 => holds::of_original(id, Kind::Void, original, asked),
        7 => holds::of_original(id, Kind::Reversal, original, asked),
        _ => transfer(id, Kind::Transfer, from, to, amount),
    };
    if let 1..=4 | 8 = kind {
        (request.authority, request.actor) = (DebitAuthority::Owner(owner), Actor::user(owner));
    } else if let 5 | 6 = kind {
        request.authority = DebitAuthority::Bank;
    }
    request.denied_by = (is_denied && kind <= 4).then(|| RULE.to_owned());
    let _ = match kind {
        8 => cancelled(store, &request),
        _ => posted(store, &request),
    };
}

fn all_of<S: Store>(store: &S, user: Uuid, limit: u32) -> Vec<Posting> {
    let parts = parts(|after| journal_of(store, user, after, limit).unwrap());
    assert!(parts.iter().all(|part| part.len() <= limit as usize));
    parts.concat()
}

fn concerning(store: &SqliteStore, user: Uuid) -> Vec<Posting> {
    let all = journal(store, 0, 1_000).unwrap().into_iter();
    all.filter(|posting| posting.concerns(user)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// No new row comes before a row that the user has read.
    #[test]
    fn a_user_reads_what_concerns_them_once_in_order_whatever_the_parts_and_while_more_comes(
        steps in prop::collection::vec(
            (0..9_u8, 0..7_usize, 0..7_usize, 1..60_i64, prop::bool::weighted(0.1)),
            1..80,
        ),
        limit in 1..30_u32,
    ) {
        let store = store();
        let mut accounts = accounts(&store);
        let mut read: Vec<Posting> = Vec::new();
        let after = |read: &[Posting]| read.last().map_or(0, |last| last.sequence.cast_signed());
        for (id, one) in (1..).zip(steps) {
            pay_any(&store, &accounts, id, one);
            if id % 10 == 0 {
                // The rows of a new account are newer than all that Alice has read.
                let _ = account::close(&store, &CLOCK, accounts[0].id, &teller());
                accounts[0] = open(&store, ALICE, "EUR");
            }
            if id % 3 == 0 {
                read.extend(journal_of(&store, ALICE, after(&read), limit).unwrap());
            }
        }
        expire_holds(&store, &FixedClock(CLOCK.0 + 100_000)).unwrap();
        read.extend(journal_of(&store, ALICE, after(&read), 1_000).unwrap());
        prop_assert_eq!(read, concerning(&store, ALICE));
        for user in USERS.into_iter().chain([teller().id, BANK_OWNER]) {
            let read = all_of(&store, user, limit);
            if user != BANK_OWNER {
                prop_assert_eq!(read, concerning(&store, user));
            }
        }
    }
}

#[test]
fn a_users_rows_cost_the_same_however_many_others_there_are() {
    let (store, from, to) = bank();
    deposit(&store, 2, &open(&store, USERS[2], "EUR"), 10);
    let asked = |user| {
        let noting = NotingStore::new(store.clone());
        let read = all_of(&noting, user, 100).len();
        (read, noting.queries.get(), noting.rows.get())
    };
    let before = [USERS[2], USERS[3]].map(asked);
    assert_eq!(before, [(1, 2, 1), (0, 1, 0)]);
    for id in 10..1_000 {
        first(&store, &pay(id, &from, &to, 1 + id as i64 % 3 * 5_000));
    }
    assert_eq!([USERS[2], USERS[3]].map(asked), before);
}

/// Each step begins with a key of an account, or of its entries, declines, or holds.
#[test]
fn a_users_rows_are_found_by_keys_alone() {
    let steps = kit::plan(&store(), super::super::read::AFTER_OF_USER, 3);
    let by_rowid = "USING INTEGER PRIMARY KEY (rowid";
    for table in ["account", "entry", "transfer"] {
        for bad in rows! {
            format!("SCAN {table}"), format!("SEARCH {table} USING AUTOMATIC"),
            format!("SEARCH {table} {by_rowid}>"), format!("SEARCH {table} {by_rowid}<"),
        } {
            let found = steps.iter().find(|step| step.starts_with(&bad));
            assert_eq!(found, None, "{steps:#?}");
        }
    }
    for index in rows! {"transfer_declined", "transfer_held_debit", "transfer_held_credit"} {
        assert!(steps.iter().any(|step| step.contains(index)), "{index}");
    }
}

#[test]
fn one_busy_account_among_many_is_read_whole() {
    let store = store();
    let accounts: Vec<_> = (0..60).map(|_| open(&store, ALICE, "EUR")).collect();
    deposit(&store, 1, &accounts[7], 1_000);
    let bobs = open(&store, BOB, "EUR");
    for id in 2..=200 {
        first(&store, &pay(id, &accounts[7], &bobs, 1));
    }
    for (id, account) in (201..).zip(&accounts) {
        deposit(&store, id, account, 1);
    }
    for limit in [1, 7, 100, 1_000] {
        let read = all_of(&store, ALICE, limit);
        assert_eq!(read, concerning(&store, ALICE), "{limit}");
    }
    // A part is short, but has at least one share.
    assert_eq!(journal_of(&store, ALICE, 0, 100).unwrap().len(), 10);
}
