//! What auditors see: the journal, of which they can compute each hash anew, and who did what to
//! which account.

use super::*;
use crate::ledger::{self, AccountOfRow, Direction, Entry, JournalRow, OriginalRef, chain_hash};
use crate::tests::kit;
use strongroom_ledger_api::{ActorKind, Decline, Instruction, Kind, Posting, Status, Transfer};
use strongroom_sdk::clock::parse_rfc3339;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::onward::OnwardQuery;

fn auditor() -> Identity {
    caller(0xAD, Role::Auditor).identity
}

fn onward(after: u64, limit: u64) -> OnwardQuery {
    serde_json::from_value(json!({"after_sequence": after, "limit": limit})).unwrap()
}

fn page(service: &TestService, after: u64, limit: u64) -> Value {
    let page = journal(&service.store, &auditor(), onward(after, limit)).unwrap();
    serde_json::to_value(page).unwrap()
}

struct Order {
    kind: Kind,
    from: Option<Uuid>,
    to: Option<Uuid>,
    original: Option<u128>,
    amount_minor: i64,
    denied_by: Option<&'static str>,
}

fn post(service: &TestService, id: u128, order: Order) -> Status {
    let instruction = Instruction {
        original: order.original.map(Uuid::from_u128),
        reference: Some("caf\u{e9}".to_owned()),
        metadata: Some(r#"{"a": 1}"#.to_owned()),
        ..kit::instruction(
            order.kind,
            order.from,
            order.to,
            kit::eur(order.amount_minor),
        )
    };
    let transfer = Transfer {
        on_behalf_of: Some(Uuid::from_u128(0xC)),
        request_id: Some("request-7".to_owned()),
        denied_by: order.denied_by.map(str::to_owned),
        requested_at_ms: 1_795_374_657_001,
        ..kit::transfer(id, instruction)
    };
    ledger::post(&service.store, &service.clock, &transfer)
        .unwrap()
        .posting
        .status
}

/// One row of each kind, a decline, and what a screening has denied.
fn busy_service() -> TestService {
    let service = service();
    let (from, to) = (open_eur(&service, &alice()).0, open_eur(&service, &bob()).0);
    let (from, to) = (Some(from), Some(to));
    let between = |kind, from, to, amount_minor| Order {
        kind,
        from,
        to,
        original: None,
        amount_minor,
        denied_by: None,
    };
    let of = |original, kind, amount_minor| Order {
        original: Some(original),
        ..between(kind, None, None, amount_minor)
    };
    let denied = Order {
        denied_by: Some("pep_list"),
        ..between(Kind::Transfer, from, to, 1)
    };
    let orders = [
        (between(Kind::Deposit, None, from, 1_000), Status::Posted),
        (between(Kind::Transfer, from, to, 250), Status::Posted),
        (between(Kind::Transfer, from, to, 751), Status::Declined),
        (between(Kind::Hold, from, to, 100), Status::Pending),
        (of(4, Kind::Capture, 60), Status::Posted),
        (between(Kind::Hold, from, to, 100), Status::Pending),
        (of(6, Kind::Void, 100), Status::Voided),
        (of(6, Kind::Void, 100), Status::Declined),
        (of(2, Kind::Reversal, 250), Status::Posted),
        (between(Kind::Withdrawal, from, None, 1), Status::Posted),
        (denied, Status::Declined),
    ];
    for (id, (order, status)) in (1..).zip(orders) {
        assert_eq!(post(&service, id, order), status, "{id}");
    }
    service
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object[name].as_str()
}

fn minor(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

fn bytes(hexadecimal: &str) -> [u8; 32] {
    let digits = hexadecimal.as_bytes().chunks(2);
    let bytes: Vec<_> = digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    bytes.try_into().unwrap()
}

/// An account's key is not hashed: any will do that tells the two sides apart.
fn account(row: &Value, side: &str, key: i64) -> Option<AccountOfRow> {
    Some(AccountOfRow {
        key,
        id: text(row, &format!("{side}_account_id"))?.parse().unwrap(),
        owner_id: text(row, &format!("{side}_owner_id"))?.parse().unwrap(),
    })
}

/// The row that a view tells, made of nothing else.
fn row_of(view: &Value) -> JournalRow {
    let owned = |name: &str| text(view, name).map(str::to_owned);
    let id = |name: &str| text(view, name).map(|id| id.parse().unwrap());
    let time = |name: &str| text(view, name).map(|time| parse_rfc3339(time).unwrap());
    let currency = Currency::from_code(text(view, "currency").unwrap()).unwrap();
    let posting = Posting {
        id: id("id").unwrap(),
        sequence: view["sequence"].as_u64().unwrap(),
        fingerprint: bytes(text(view, "fingerprint").unwrap()),
        kind: Kind::from_stored(text(view, "kind").unwrap()).unwrap(),
        status: Status::from_stored(text(view, "status").unwrap()).unwrap(),
        decline: text(view, "decline_code").map(|code| Decline::from_stored(code).unwrap()),
        denied_by: owned("denied_by"),
        actor: strongroom_ledger_api::Actor {
            kind: ActorKind::from_stored(text(view, "actor_kind").unwrap()).unwrap(),
            id: id("actor_id").unwrap(),
        },
        on_behalf_of: id("on_behalf_of"),
        request_id: owned("request_id"),
        // Not hashed: they follow from the accounts.
        source: None,
        destination: None,
        original: id("subject_id"),
        expires_at_ms: time("expires_at"),
        resolution: None,
        amount: Money::from_minor(minor(text(view, "amount").unwrap()), currency),
        reference: owned("reference"),
        metadata: owned("metadata"),
        requested_at_ms: time("requested_at").unwrap(),
        recorded_at_ms: time("recorded_at").unwrap(),
    };
    let original = view["subject_sequence"].as_i64();
    JournalRow {
        original: original
            .zip(posting.original)
            .map(|(sequence, id)| OriginalRef { sequence, id }),
        posting,
        debit: account(view, "debit", 1),
        credit: account(view, "credit", 2),
    }
}

fn entries_of(view: &Value) -> Vec<Entry> {
    let entry = |entry: &Value| {
        let direction = Direction::from_stored(text(entry, "direction").unwrap()).unwrap();
        let side = format!("{}_account_id", direction.as_str());
        assert_eq!(entry["account_id"], view[side]);
        Entry {
            sequence: entry["sequence"].as_i64().unwrap(),
            account_key: i64::from(direction.chain_code()),
            account_sequence: entry["account_sequence"].as_i64().unwrap(),
            direction,
            amount_minor: minor(text(entry, "amount").unwrap()),
            balance_after_minor: minor(text(entry, "balance_after").unwrap()),
        }
    };
    view["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(entry)
        .collect()
}

#[test]
fn the_journal_tells_all_that_its_hashes_cover() {
    let service = busy_service();
    let page = page(&service, 0, 100);
    let rows = page["data"].as_array().unwrap();
    assert_eq!((rows.len(), &page["next_after_sequence"]), (11, &json!(11)));
    assert_eq!(page["has_more"], json!(false));
    let mut previous = [0; 32];
    for (row, sequence) in rows.iter().zip(1..) {
        assert_eq!(row["sequence"], json!(sequence));
        assert_eq!(bytes(text(row, "previous_hash").unwrap()), previous);
        let hash = chain_hash(&previous, &row_of(row), &entries_of(row));
        assert_eq!(bytes(text(row, "hash").unwrap()), hash, "{row}");
        let moved = row["status"] == "posted";
        assert_eq!(entries_of(row).len(), if moved { 2 } else { 0 });
        previous = hash;
    }
    let (hold, capture) = (&rows[3], &rows[4]);
    assert_eq!(hold["expires_at"], json!("2026-11-22T19:11:57.123Z"));
    assert_eq!(
        (&capture["subject_sequence"], &capture["subject_id"]),
        (&hold["sequence"], &hold["id"])
    );
    assert_eq!(rows[2]["decline_code"], json!("insufficient_funds"));
    for (member, value) in [
        ("decline_code", json!("screening_denied")),
        ("denied_by", json!("pep_list")),
        ("actor_kind", json!("user")),
        ("actor_id", json!(kit::teller().id)),
        ("on_behalf_of", json!(Uuid::from_u128(0xC))),
        ("request_id", json!("request-7")),
    ] {
        assert_eq!(rows[10][member], value, "{member}");
    }
}

#[test]
fn pages_of_the_journal_join_and_an_empty_one_goes_on_where_it_began() {
    let service = busy_service();
    let whole = page(&service, 0, 100);
    for limit in [1, 3, 10, 11] {
        let (mut joined, mut after) = (Vec::new(), 0);
        loop {
            let page = page(&service, after, limit);
            joined.extend_from_slice(page["data"].as_array().unwrap());
            after = page["next_after_sequence"].as_u64().unwrap();
            if page["has_more"] == json!(false) {
                break;
            }
        }
        assert_eq!(whole["data"], Value::Array(joined), "{limit}");
    }
    for after in [11, 1_000] {
        let expected = json!({"data": [], "next_after_sequence": after, "has_more": false});
        assert_eq!(page(&service, after, 7), expected);
    }
    assert_eq!(page(&service, u64::MAX, 7)["data"], json!([]));
}

#[test]
fn a_page_longer_than_one_query_is_whole() {
    let service = service();
    let (to, _) = open_eur(&service, &alice());
    for id in 1..=1_002 {
        let order = Order {
            kind: Kind::Deposit,
            from: None,
            to: Some(to),
            original: None,
            amount_minor: 1,
            denied_by: None,
        };
        post(&service, id, order);
    }
    let page = page(&service, 1, 1_000);
    let rows = page["data"].as_array().unwrap();
    assert_eq!((rows.len(), &page["has_more"]), (1_000, &json!(true)));
    for (row, sequence) in rows.iter().zip(2..) {
        assert_eq!(row["sequence"], json!(sequence));
        assert_eq!(entries_of(row).len(), 2);
    }
    for pair in rows.windows(2) {
        assert_eq!(pair[0]["hash"], pair[1]["previous_hash"]);
    }
}

#[test]
fn the_books_are_for_auditors_and_admins() {
    let service = busy_service();
    let store = &service.store;
    let (id, _) = open_eur(&service, &alice());
    let query = OnwardQuery::default;
    for (role, books, log) in [
        (Role::Customer, 403, 403),
        (Role::Teller, 403, 200),
        (Role::Auditor, 200, 200),
        (Role::Admin, 200, 200),
    ] {
        // Also of an own account: what staff did is the bank's to tell.
        let identity = caller(0xA, role).identity;
        assert_eq!(code(journal(store, &identity, query())).0, books, "{role}");
        assert_eq!(
            code(all_events(store, &identity, query())).0,
            books,
            "{role}"
        );
        assert_eq!(
            code(events(store, &identity, id, &first_page())).0,
            log,
            "{role}"
        );
    }
    assert_eq!(
        code(events(store, &auditor(), Uuid::nil(), &first_page())),
        (404, "not_found")
    );
}

#[test]
fn a_page_of_none_or_too_many_is_refused() {
    let service = service();
    for limit in [0, 1_001, u64::MAX] {
        let problem = journal(&service.store, &auditor(), onward(0, limit)).unwrap_err();
        assert_eq!(problem.status().as_u16(), 422);
        assert_eq!(problem.errors()[0].pointer, "/limit");
    }
}

#[test]
fn each_act_of_staff_is_told_with_who_when_before_after_and_in_which_request() {
    let service = service();
    let (id, _) = open_eur(&service, &alice());
    let (other, _) = open_eur(&service, &bob());
    let mut teller = caller(0x7E, Role::Teller);
    teller.request_id = RequestId(Some("request-7".to_owned()));
    let debits = from_slice(br#"{"stops":"debits"}"#).unwrap();
    freeze(&service, &teller, id, debits).unwrap();
    freeze(&service, &teller, other, FreezeBody::default()).unwrap();
    let limit = LimitBody {
        overdraft_limit: "12.50".to_owned(),
    };
    set_overdraft_limit(&service, &teller, id, &limit).unwrap();
    unfreeze(&service, &teller, id).unwrap();

    let list = events(&service.store, &auditor(), id, &first_page()).unwrap();
    let list = serde_json::to_value(list).unwrap();
    let told: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (&event["action"], &event["old_value"], &event["new_value"]))
        .collect();
    assert_eq!(
        told[..3],
        [
            (&json!("unfrozen"), &json!("frozen:debits"), &json!("open")),
            (
                &json!("overdraft_limit_changed"),
                &json!("0.00"),
                &json!("12.50")
            ),
            (&json!("frozen"), &json!("open"), &json!("frozen:debits")),
        ]
    );
    assert_eq!(
        (told.len(), told[3].0, told[3].1),
        (4, &json!("opened"), &Value::Null)
    );
    let newest = &list["data"][0];
    let expected = json!({
        "sequence": 6, "account_id": id, "action": "unfrozen", "actor_id": teller.identity.subject, "actor_role": "teller",
        "request_id": "request-7", "old_value": "frozen:debits", "new_value": "open",
        "created_at": "2026-11-22T19:10:57.123Z", "hash": newest["hash"],
    });
    assert_eq!(newest, &expected);
    assert_eq!(text(newest, "hash").unwrap().len(), 64);

    let all = all_events(&service.store, &auditor(), onward(2, 3)).unwrap();
    let all = serde_json::to_value(all).unwrap();
    let sequences: Vec<_> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["sequence"].as_i64().unwrap())
        .collect();
    assert_eq!(sequences, [3, 4, 5]);
    assert_eq!(
        (&all["next_after_sequence"], &all["has_more"]),
        (&json!(5), &json!(true))
    );
}
