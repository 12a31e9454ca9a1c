//! Goal: every call returns what `docs/api.md` says, and users see and change only what is theirs.

mod books;
mod for_others;
mod statement;
mod update;

use super::*;
use crate::tests::kit;
use Call::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use strongroom_sdk::assert_json;
use strongroom_sdk::clock::ManualClock;
use strongroom_sdk::idempotency::IdempotencyKey;
use strongroom_sdk::identity::Role;
use strongroom_sdk::json::from_slice;
use strongroom_sdk::page::Page;
use strongroom_sdk::query::from_str;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::rows;
use strongroom_sdk::store::SqliteStore;

const NOW_MS: i64 = 1_795_374_657_123;
const NOW: &str = "2026-11-22T19:10:57.123Z";
const ALICE: Uuid = Uuid::from_u128(0xA);
const BOB: Uuid = Uuid::from_u128(0xB);
const NO_ID: Uuid = Uuid::from_u128(404);
const LIMIT: &str = r#"{"overdraft_limit":"10"}"#;
const NAME: &str = r#"{"name":"Rent"}"#;
const SAVINGS: &str = r#"{"type":"savings","currency":"EUR"}"#;

struct TestEnv;

impl Env for TestEnv {
    type Store = SqliteStore;
    type Clock = ManualClock;
    type Random = SystemRandom;
}

type Bank = Service<TestEnv>;

#[derive(Debug, Clone, Copy)]
enum Call<'a> {
    Open(&'a str),
    List(&'a str),
    ListOf(Uuid, &'a str),
    Get(Uuid),
    Balance(Uuid, &'a str),
    Entries(Uuid),
    Statement(Uuid, &'a str),
    Journal(&'a str),
    Events(&'a str),
    EventsOf(Uuid),
    Freeze(Uuid, &'a str),
    Unfreeze(Uuid),
    Patch(Uuid, &'a str),
    Close(Uuid),
}

fn bank() -> Bank {
    Service {
        store: kit::store(),
        clock: ManualClock::at(NOW_MS),
        random: SystemRandom,
        rules: kit::rules(3),
    }
}

fn alice() -> Identity {
    Identity::of_user(ALICE, Role::Customer)
}

fn bob() -> Identity {
    Identity::of_user(BOB, Role::Customer)
}

/// A colleague who has no account.
fn staff(role: Role) -> Identity {
    Identity::of_user(Uuid::from_u128(0x7E), role)
}

fn call(bank: &Bank, by: &Identity, call: Call<'_>) -> Result<Value, Problem> {
    match call {
        Open(body) => {
            let reply = bank.open(&by.clone().try_into()?, None, read(body)?)?;
            Ok(serde_json::from_str(&reply.body).unwrap())
        }
        List(query) => value(bank.list(by, &Page::from_query("/", query)?)),
        ListOf(owner, query) => value(bank.list_of(by, owner, &Page::from_query("/", query)?)),
        Get(id) => value(bank.account(by, id)),
        Balance(id, query) => value(bank.balance(by, id, &from_str(query)?)),
        Entries(id) => value(bank.entries(by, id, &Page::from_query("/", "")?)),
        Statement(id, query) => {
            let statement = bank.statement(by, id, &from_str(query)?)?;
            let headers = statement.headers.iter();
            let headers = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
            let headers: Vec<_> = headers.collect();
            let pieces: Vec<_> = statement.pieces.collect::<Result<_, _>>()?;
            Ok(json!({"headers": headers, "body": String::from_utf8(pieces.concat()).unwrap()}))
        }
        Journal(query) => value(bank.journal(&by.clone().try_into()?, from_str(query)?)),
        Events(query) => value(bank.events(&by.clone().try_into()?, from_str(query)?)),
        EventsOf(id) => {
            let (by, page) = (by.clone().try_into()?, Page::from_query("/", "")?);
            value(bank.events_of(&by, id, &page))
        }
        Freeze(id, body) => value(bank.freeze(&by.clone().try_into()?, id, read(body)?)),
        Unfreeze(id) => value(bank.unfreeze(&by.clone().try_into()?, id)),
        Patch(id, body) => value(bank.update(&by.clone().try_into()?, id, read(body)?)),
        Close(id) => value(bank.close(&by.clone().try_into()?, id)),
    }
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, Problem> {
    from_slice(body.as_bytes())
}

fn value(view: Result<impl Serialize, Problem>) -> Result<Value, Problem> {
    view.map(|view| serde_json::to_value(view).unwrap())
}

fn done(bank: &Bank, by: &Identity, made: Call<'_>) -> Value {
    call(bank, by, made).unwrap_or_else(|problem| panic!("{made:?}: {problem:?}"))
}

/// The status and code of a problem, and the pointers of all its errors.
fn words_of(problem: &Problem) -> String {
    let pointers = problem.errors().iter().map(|error| error.pointer.as_str());
    let parts: Vec<_> = [problem.code()].into_iter().chain(pointers).collect();
    format!("{} {}", problem.status().as_u16(), parts.join(" "))
}

fn check<'a>(bank: &Bank, rows: impl IntoIterator<Item = (&'a Identity, Call<'a>, &'a str)>) {
    for (by, made, expected) in rows {
        let answered = call(bank, by, made);
        let found = answered.map_or_else(|problem| words_of(&problem), |_| "200".to_owned());
        assert_eq!(found, expected, "{made:?} by {} {}", by.role, by.subject);
    }
}

fn open_eur(bank: &Bank, owner: &Identity) -> (Uuid, Value) {
    let body = r#"{"type":"checking","currency":"EUR","name":"Everyday"}"#;
    let view = done(bank, owner, Open(body));
    (view["id"].as_str().unwrap().parse().unwrap(), view)
}

#[test]
fn an_opened_account_has_the_contract_s_members() {
    let (bank, alice) = (bank(), alice());
    let (id, view) = open_eur(&bank, &alice);
    let number = view["number"].as_str().unwrap();
    assert!(number.starts_with("DE") && number.len() == 22, "{number}");
    let expected = json!({
        "id": id, "number": number, "owner_id": ALICE, "type": "checking", "code": null,
        "name": "Everyday", "currency": "EUR", "status": "open", "frozen": null,
        "balance": "0.00", "available": "0.00", "overdraft_limit": "0.00", "metadata": {},
        "created_at": NOW,
    });
    assert_eq!(view, expected);
    assert_eq!(done(&bank, &alice, Get(id)), expected);
    let expected = json!({
        "account_id": id, "currency": "EUR", "balance": "0.00", "available": "0.00",
        "pending_debits": "0.00", "pending_credits": "0.00", "as_of": NOW,
    });
    assert_eq!(done(&bank, &alice, Balance(id, "")), expected);
}

#[test]
fn an_account_is_opened_once_for_each_key_and_a_refusal_is_not_kept() {
    let (bank, alice) = (bank(), alice().try_into().unwrap());
    let open = |key: &str, body: &str| {
        let key = IdempotencyKey::from_header([key.as_bytes()]).unwrap();
        bank.open(&alice, Some(&key), read(body)?)
    };
    let first = open("k", SAVINGS).unwrap();
    let again = open("k", SAVINGS).unwrap();
    assert_eq!((first.repeated, again.repeated), (false, true));
    assert_eq!(again.body, first.body);
    let refusal = |key: &str, body: &str| words_of(&open(key, body).unwrap_err());
    let checking = r#"{"type":"checking","currency":"EUR"}"#;
    assert_eq!(refusal("k", checking), "422 idempotency_key_reused");
    for key in ["l", "m"] {
        assert!(!open(key, SAVINGS).unwrap().repeated);
    }
    for _ in 0..2 {
        assert_eq!(refusal("n", SAVINGS), "409 account_limit_reached");
    }
    // The kept reply needs no room among the accounts.
    assert!(open("k", SAVINGS).unwrap().repeated);
    for (query, count) in [("", 3), ("limit=2", 2)] {
        let listed = done(&bank, &alice, ListOf(ALICE, query));
        assert_eq!(listed["data"].as_array().unwrap().len(), count);
    }
}

#[test]
fn another_customer_s_account_looks_like_none() {
    let (bank, alice, bob) = (bank(), alice(), bob());
    let (id, _) = open_eur(&bank, &alice);
    for (by, id, expected) in [
        (&alice, id, "200"),
        (&alice, NO_ID, "404 not_found"),
        (&bob, id, "404 not_found"),
        (&bob, NO_ID, "404 not_found"),
    ] {
        let statement = Statement(id, "from=2026-11-22");
        let calls = [Get(id), Balance(id, ""), Entries(id), statement];
        check(&bank, calls.map(|call| (by, call, expected)));
    }
    // Before anything else is checked.
    let wrong = rows! {
        Balance(id, "at=yesterday"), Statement(id, "from=x&format=y"), Close(id), ListOf(ALICE, ""),
    };
    check(&bank, wrong.map(|call| (&bob, call, "404 not_found")));
}

#[test]
fn staff_read_and_only_tellers_and_admins_change() {
    let (bank, alice) = (bank(), alice());
    let (id, _) = open_eur(&bank, &alice);
    let changes = [Freeze(id, "{}"), Unfreeze(id), Patch(id, LIMIT)];
    for reader in [Role::Teller, Role::Auditor, Role::Admin].map(staff) {
        let reads = [Get(id), ListOf(ALICE, ""), Statement(id, "from=2026-11-22")];
        check(&bank, reads.map(|call| (&reader, call, "200")));
    }
    // A customer who became an auditor may still own accounts.
    let was_customer = Identity::of_user(ALICE, Role::Auditor);
    for auditor in [was_customer, staff(Role::Auditor)] {
        let refused = [Open(SAVINGS), Close(id), Patch(id, NAME)];
        let refused = refused.into_iter().chain(changes);
        check(&bank, refused.map(|call| (&auditor, call, "403 forbidden")));
        check(&bank, [(&auditor, Get(id), "200")]);
    }
    check(&bank, changes.map(|call| (&alice, call, "403 forbidden")));
    for changer in [Role::Teller, Role::Admin].map(staff) {
        check(&bank, changes.map(|call| (&changer, call, "200")));
    }
    let view = done(&bank, &alice, Get(id));
    assert_eq!([&view["overdraft_limit"], &view["available"]], ["10.00"; 2]);
    let calls = [
        (&staff(Role::Teller), Freeze(NO_ID, "{}"), "404 not_found"),
        (&alice, Close(id), "200"),
        (&alice, Close(id), "409 account_closed"),
    ];
    check(&bank, calls);
}

#[test]
fn staff_act_on_their_own_account_as_its_owner_and_no_more() {
    let bank = bank();
    for role in [Role::Teller, Role::Admin] {
        let (own, colleague) = (Identity::of_user(Uuid::from_u128(1), role), staff(role));
        let (id, _) = open_eur(&bank, &own);
        let calls = [
            (&own, Freeze(id, "{}"), "403 own_account"),
            (&colleague, Freeze(id, "{}"), "200"),
            (&own, Unfreeze(id), "403 own_account"),
            (&own, EventsOf(id), "403 own_account"),
            (&colleague, EventsOf(id), "200"),
            (&own, Close(id), "409 account_frozen"),
            (&colleague, Unfreeze(id), "200"),
            (&own, Patch(id, LIMIT), "403 own_account"),
            (&colleague, Patch(id, LIMIT), "200"),
            (&own, Patch(id, NAME), "200"),
            (&own, Close(id), "200"),
            // Closed, it still is theirs.
            (&own, Unfreeze(id), "403 own_account"),
        ];
        check(&bank, calls);
    }
}

#[test]
fn a_frozen_account_says_which_movements_are_stopped() {
    let (bank, alice, teller) = (bank(), alice(), staff(Role::Teller));
    let (id, _) = open_eur(&bank, &alice);
    for (body, word) in rows! {
        ("{}", "both"), (r#"{"stops":null}"#, "both"), (r#"{"stops":"both"}"#, "both"),
        (r#"{"stops":"debits"}"#, "debits"), (r#"{"stops":"credits"}"#, "credits"),
    } {
        let view = done(&bank, &teller, Freeze(id, body));
        assert_json!(view, {"status": "frozen", "frozen": word});
        assert_eq!(done(&bank, &alice, Get(id)), view);
    }
    assert_json!(done(&bank, &teller, Unfreeze(id)), {"status": "open", "frozen": null});
    for (body, expected) in rows! {
        (r#"{"stops":"transfers"}"#, "422 validation_failed /stops"),
        (r#"{"stops":{"debits":null}}"#, "422 validation_failed /stops"),
        (r#"["debits"]"#, "422 validation_failed "),
        (r#"{"stop":"debits"}"#, "422 validation_failed /stop"),
    } {
        check(&bank, [(&teller, Freeze(id, body), expected)]);
    }
}

#[test]
fn a_past_balance_has_only_what_was_posted() {
    let (bank, alice) = (bank(), alice());
    let (id, _) = open_eur(&bank, &alice);
    let past = Balance(id, "at=2026-11-22T20:10:57.122999%2B01:00");
    let as_of = "2026-11-22T19:10:57.122Z";
    let expected = json!({"account_id": id, "currency": "EUR", "balance": "0.00", "as_of": as_of});
    assert_eq!(done(&bank, &alice, past), expected);
    let (future, wrong) = ("422 at_in_future /at", "422 validation_failed /at");
    for (query, expected) in rows! {
        ("at=2026-11-22T19:10:57.123Z", future), ("at=2026-11-22T19:10:58Z", future),
        ("at=9999-12-31T23:59:59Z", future), ("at=", wrong), ("at=yesterday", wrong),
        ("at=2026-11-22", wrong), ("at=2026-11-22T19:10:57", wrong), ("at=1795374657123", wrong),
    } {
        check(&bank, [(&alice, Balance(id, query), expected)]);
    }
}
