//! Goal: every call answers what the contract says, and nobody sees or changes what is not theirs.
//! Method: the calls as plain functions on an in-memory store, for two customers and each staff
//! role.

mod books;
mod statement;

use super::*;
use crate::account::NumberFormat;
use crate::schema::MIGRATIONS;
use serde_json::{Value, json};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::json::from_slice;
use strongroom_sdk::page::Page;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{SqliteStore, migrate};

struct FixedClock;

impl Clock for FixedClock {
    fn now_ms(&self) -> i64 {
        1_795_374_657_123
    }
}

type TestService = Service<SqliteStore, FixedClock, SystemRandom>;

fn service() -> TestService {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    Service {
        store,
        clock: FixedClock,
        random: SystemRandom,
        rules: OpenRules {
            number_format: NumberFormat::new("DE", "10000000").unwrap(),
            accounts_per_user_max: 3,
        },
    }
}

fn caller(subject: u128, role: Role) -> Caller {
    Caller {
        identity: Identity {
            subject: Uuid::from_u128(subject),
            role,
            session: Uuid::nil(),
            scope: String::new(),
        },
        request_id: RequestId(Some("request".to_owned())),
    }
}

fn alice() -> Caller {
    caller(0xA, Role::Customer)
}

fn bob() -> Caller {
    caller(0xB, Role::Customer)
}

fn open_body(body: Value) -> OpenBody {
    serde_json::from_value(body).unwrap()
}

fn open_eur(service: &TestService, caller: &Caller) -> (Uuid, Value) {
    let body = open_body(json!({"type": "checking", "currency": "EUR", "name": "Everyday"}));
    let view = serde_json::to_value(open(service, caller, body).unwrap()).unwrap();
    (view["id"].as_str().unwrap().parse().unwrap(), view)
}

fn code<T>(result: Result<T, Problem>) -> (u16, &'static str) {
    result.map_or_else(
        |problem| (problem.status().as_u16(), problem.code()),
        |_| (200, "ok"),
    )
}

fn first_page() -> Page<u64> {
    Page::from_query("").unwrap()
}

#[test]
fn an_opened_account_has_the_contract_s_members() {
    let service = service();
    let (id, view) = open_eur(&service, &alice());
    let number = view["number"].as_str().unwrap();
    assert!(number.starts_with("DE") && number.len() == 22, "{number}");
    let expected = json!({
        "id": id, "number": number, "owner_id": alice().identity.subject, "type": "checking", "name": "Everyday",
        "currency": "EUR", "status": "open", "balance": "0.00", "available": "0.00", "overdraft_limit": "0.00",
        "created_at": "2026-11-22T19:10:57.123Z",
    });
    assert_eq!(view, expected);
    assert_eq!(
        serde_json::to_value(get(&service.store, &alice().identity, id).unwrap()).unwrap(),
        expected
    );
    assert_eq!(
        serde_json::to_value(
            balance(
                &service.store,
                &FixedClock,
                &alice().identity,
                id,
                &BalanceQuery::default()
            )
            .unwrap()
        )
        .unwrap(),
        json!({"account_id": id, "currency": "EUR", "balance": "0.00", "available": "0.00", "pending_debits": "0.00",
            "pending_credits": "0.00", "as_of": "2026-11-22T19:10:57.123Z"})
    );
}

#[test]
fn what_cannot_be_opened_is_refused() {
    let service = service();
    for (body, expected) in [
        (
            json!({"type": "savings", "currency": "XAU"}),
            "validation_failed",
        ),
        (
            json!({"type": "savings", "currency": "eur"}),
            "validation_failed",
        ),
        (
            json!({"type": "savings", "currency": "HRK"}),
            "validation_failed",
        ),
        (
            json!({"type": "savings", "currency": "EUR", "name": ""}),
            "validation_failed",
        ),
        (
            json!({"type": "savings", "currency": "EUR", "name": "\u{3164}\u{202e}"}),
            "validation_failed",
        ),
        (
            json!({"type": "savings", "currency": "EUR", "name": "a\u{0}"}),
            "validation_failed",
        ),
        (
            json!({"type": "savings", "currency": "EUR", "name": "x".repeat(101)}),
            "validation_failed",
        ),
    ] {
        assert_eq!(
            code(open(&service, &alice(), open_body(body))),
            (422, expected)
        );
    }
    for body in [
        json!({"type": "settlement", "currency": "EUR"}),
        json!({"type": "savings", "currency": "EUR", "owner_id": "x"}),
    ] {
        assert!(serde_json::from_value::<OpenBody>(body).is_err());
    }
    for _ in 0..3 {
        open_eur(&service, &alice());
    }
    let body = open_body(json!({"type": "savings", "currency": "EUR"}));
    assert_eq!(
        code(open(&service, &alice(), body)),
        (409, "account_limit_reached")
    );
}

#[test]
fn another_customer_s_account_looks_like_none() {
    let service = service();
    let (id, _) = open_eur(&service, &alice());
    let nowhere = Uuid::from_u128(404);
    let store = &service.store;
    for caller in [bob(), caller(0xA, Role::Customer)] {
        for id in [id, nowhere] {
            let expected = if caller.identity.subject == alice().identity.subject && id != nowhere {
                (200, "ok")
            } else {
                (404, "not_found")
            };
            assert_eq!(code(get(store, &caller.identity, id)), expected);
            assert_eq!(
                code(balance(
                    store,
                    &FixedClock,
                    &caller.identity,
                    id,
                    &BalanceQuery::default()
                )),
                expected
            );
            assert_eq!(
                code(entries(store, &caller.identity, id, &first_page())),
                expected
            );
        }
    }
    assert_eq!(code(close(&service, &bob(), id)), (404, "not_found"));
    assert_eq!(
        code(list_of(
            store,
            &bob().identity,
            alice().identity.subject,
            &first_page()
        )),
        (404, "not_found")
    );
}

#[test]
fn staff_read_and_only_tellers_and_admins_change() {
    let service = service();
    let (id, _) = open_eur(&service, &alice());
    let limit = LimitBody {
        overdraft_limit: "10".to_owned(),
    };
    for role in [Role::Teller, Role::Auditor, Role::Admin] {
        assert_eq!(
            code(get(&service.store, &caller(1, role).identity, id)),
            (200, "ok")
        );
        assert_eq!(
            code(list_of(
                &service.store,
                &caller(1, role).identity,
                alice().identity.subject,
                &first_page()
            )),
            (200, "ok")
        );
    }
    for refused in [alice(), caller(1, Role::Auditor)] {
        assert_eq!(
            code(freeze(&service, &refused, id, FreezeBody::default())),
            (403, "forbidden")
        );
        assert_eq!(code(unfreeze(&service, &refused, id)), (403, "forbidden"));
        assert_eq!(
            code(set_overdraft_limit(&service, &refused, id, &limit)),
            (403, "forbidden")
        );
    }
    assert_eq!(
        code(close(&service, &caller(1, Role::Auditor), id)),
        (403, "forbidden")
    );
    for role in [Role::Teller, Role::Admin] {
        assert_eq!(
            code(freeze(
                &service,
                &caller(1, role),
                id,
                FreezeBody::default()
            )),
            (200, "ok")
        );
        assert_eq!(code(unfreeze(&service, &caller(1, role), id)), (200, "ok"));
        assert_eq!(
            code(set_overdraft_limit(&service, &caller(1, role), id, &limit)),
            (200, "ok")
        );
    }
    let view = serde_json::to_value(get(&service.store, &alice().identity, id).unwrap()).unwrap();
    assert_eq!(
        (&view["overdraft_limit"], &view["available"]),
        (&json!("10.00"), &json!("10.00"))
    );
    assert_eq!(
        code(freeze(
            &service,
            &caller(1, Role::Teller),
            Uuid::nil(),
            FreezeBody::default()
        )),
        (404, "not_found")
    );
    assert_eq!(code(close(&service, &alice(), id)), (200, "ok"));
    assert_eq!(code(close(&service, &alice(), id)), (409, "account_closed"));
}

#[test]
fn staff_act_on_their_own_account_as_its_owner_and_no_more() {
    let service = service();
    let limit = || LimitBody {
        overdraft_limit: "10".to_owned(),
    };
    let own_account = (403, "own_account");
    for role in [Role::Teller, Role::Admin] {
        let (own, colleague) = (caller(1, role), caller(2, role));
        let (id, _) = open_eur(&service, &own);
        let all = FreezeBody::default;
        assert_eq!(code(freeze(&service, &own, id, all())), own_account);
        assert_eq!(code(freeze(&service, &colleague, id, all())), (200, "ok"));
        assert_eq!(code(unfreeze(&service, &own, id)), own_account);
        assert_eq!(code(close(&service, &own, id)), (409, "account_frozen"));
        assert_eq!(code(unfreeze(&service, &colleague, id)), (200, "ok"));
        let own_limit = set_overdraft_limit(&service, &own, id, &limit());
        assert_eq!(code(own_limit), own_account);
        let its_limit = set_overdraft_limit(&service, &colleague, id, &limit());
        assert_eq!(code(its_limit), (200, "ok"));
        assert_eq!(code(close(&service, &own, id)), (200, "ok"));
        // Closed, it still is theirs.
        assert_eq!(code(unfreeze(&service, &own, id)), own_account);
    }
}

#[test]
fn a_limit_must_be_an_amount_of_the_account_s_currency() {
    let service = service();
    let (id, _) = open_eur(&service, &alice());
    for text in ["-1", "1.001", "", "1e3", "99999999999999999999"] {
        let body = LimitBody {
            overdraft_limit: text.to_owned(),
        };
        assert_eq!(
            code(set_overdraft_limit(
                &service,
                &caller(1, Role::Teller),
                id,
                &body
            )),
            (422, "amount_invalid"),
            "{text}"
        );
    }
}

#[test]
fn own_accounts_are_listed_newest_first_in_pages() {
    let service = service();
    let opened: Vec<_> = (0..3)
        .map(|_| open_eur(&service, &alice()).0.to_string())
        .collect();
    open_eur(&service, &bob());
    let mut listed = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let page = Page::from_query(&query).unwrap();
        let list = list_of(
            &service.store,
            &alice().identity,
            alice().identity.subject,
            &page,
        )
        .unwrap();
        let list = serde_json::to_value(list).unwrap();
        listed.extend(
            list["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|view| view["id"].as_str().unwrap().to_owned()),
        );
        match list["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert!(listed.iter().eq(opened.iter().rev()));
}

#[test]
fn an_auditor_only_reads() {
    let service = service();
    let (id, _) = open_eur(&service, &alice());
    // Who became an auditor may still own accounts.
    for auditor in [caller(0xA, Role::Auditor), caller(1, Role::Auditor)] {
        let body = open_body(json!({"type": "checking", "currency": "EUR"}));
        assert_eq!(code(open(&service, &auditor, body)), (403, "forbidden"));
        assert_eq!(code(close(&service, &auditor, id)), (403, "forbidden"));
        assert_eq!(
            code(get(&service.store, &auditor.identity, id)),
            (200, "ok")
        );
    }
}

#[test]
fn a_frozen_account_says_which_movements_are_stopped() {
    let service = service();
    let (id, view) = open_eur(&service, &alice());
    assert!(view.get("frozen").is_none(), "{view}");
    for (body, word) in [
        (&b"{}"[..], "both"),
        (br#"{"stops":null}"#, "both"),
        (br#"{"stops":"debits"}"#, "debits"),
        (br#"{"stops":"credits"}"#, "credits"),
        (br#"{"stops":"both"}"#, "both"),
    ] {
        let body = from_slice(body).unwrap();
        let view = freeze(&service, &caller(1, Role::Teller), id, body).unwrap();
        let view = serde_json::to_value(view).unwrap();
        assert_eq!(
            (&view["status"], &view["frozen"]),
            (&json!("frozen"), &json!(word))
        );
        assert_eq!(
            serde_json::to_value(get(&service.store, &alice().identity, id).unwrap()).unwrap(),
            view
        );
    }
    let view = unfreeze(&service, &caller(1, Role::Teller), id).unwrap();
    let view = serde_json::to_value(view).unwrap();
    assert_eq!(
        (&view["status"], view.get("frozen")),
        (&json!("open"), None)
    );
}

#[test]
fn a_freeze_of_something_else_is_refused_at_its_field() {
    for (body, pointer) in [
        (&br#"{"stops":"transfers"}"#[..], "/stops"),
        (br#"{"stops":{"debits":null}}"#, "/stops"),
        (br#"["debits"]"#, ""),
        (br#"{"stop":"debits"}"#, "/stop"),
    ] {
        let problem = from_slice::<FreezeBody>(body).unwrap_err();
        assert_eq!(problem.status().as_u16(), 422);
        assert_eq!(problem.errors()[0].pointer, pointer);
    }
}

#[test]
fn a_past_balance_says_only_what_was_posted() {
    let service = service();
    let (id, _) = open_eur(&service, &alice());
    let at = |at: &str| {
        let query: BalanceQuery = serde_json::from_value(json!({ "at": at })).unwrap();
        balance(&service.store, &FixedClock, &alice().identity, id, &query)
    };
    assert_eq!(
        serde_json::to_value(at("2026-11-22T20:10:57.122999+01:00").unwrap()).unwrap(),
        json!({"account_id": id, "currency": "EUR", "balance": "0.00", "as_of": "2026-11-22T19:10:57.122Z"})
    );
    for future in [
        "2026-11-22T19:10:57.123Z",
        "2026-11-22T19:10:58Z",
        "9999-12-31T23:59:59Z",
    ] {
        assert_eq!(code(at(future)), (422, "at_in_future"), "{future}");
    }
    for wrong in [
        "",
        "yesterday",
        "2026-11-22",
        "2026-11-22T19:10:57",
        "1795374657123",
    ] {
        let problem = at(wrong).unwrap_err();
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (422, "validation_failed")
        );
        assert_eq!(problem.errors()[0].pointer, "/at");
    }
    let query: BalanceQuery = serde_json::from_value(json!({"at": "yesterday"})).unwrap();
    assert_eq!(
        code(balance(
            &service.store,
            &FixedClock,
            &bob().identity,
            id,
            &query
        )),
        (404, "not_found")
    );
}
