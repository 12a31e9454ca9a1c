//! What auditors see: the journal, of which they can compute each hash, and the changes of
//! accounts.

use super::*;
use crate::account::Direction;
use crate::ledger::{AccountOfRow, Entry, JournalRow, OriginalRef, chain_hash};
use strongroom_ledger_api::{ActorKind, Decline, Kind, Party, Posting, RecordedLeg, Status};
use strongroom_sdk::clock::parse_rfc3339;
use strongroom_sdk::money::{Currency, Money};

fn page(bank: &Bank, after: u64, limit: u64) -> Value {
    let query = format!("after_sequence={after}&limit={limit}");
    done(bank, &staff(Role::Auditor), Journal(&query))
}

/// A bank with one row of each kind, declines, and a denial by a screening.
fn busy_bank() -> Bank {
    let bank = bank();
    let [from, to] = [alice(), bob()].map(|owner| open_eur(&bank, &owner).0);
    kit::post_each_kind(&bank.store, &bank.clock, from, to);
    bank
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object[name].as_str()
}

fn minor(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

fn bytes(hexadecimal: &str) -> [u8; 32] {
    hex::decode(hexadecimal).unwrap().try_into().unwrap()
}

/// The hash does not cover an account's key: the two sides only need different ones.
fn account(row: &Value, side: &str, key: i64) -> Option<AccountOfRow> {
    Some(AccountOfRow {
        key,
        id: text(row, &format!("{side}_account_id"))?.parse().unwrap(),
        owner_id: text(row, &format!("{side}_owner_id"))?.parse().unwrap(),
    })
}

fn money(amount: &str, currency: &Value) -> Money {
    let currency = Currency::from_code(currency.as_str().unwrap()).unwrap();
    Money::from_minor(minor(amount), currency)
}

fn leg(leg: &Value) -> RecordedLeg {
    let id = |name: &str| text(leg, name).map(|id| id.parse().unwrap());
    RecordedLeg {
        account: id("account_id").map(|account_id| Party {
            account_id,
            owner_id: id("owner_id").unwrap(),
        }),
        direction: Direction::from_stored(text(leg, "direction").unwrap()).unwrap(),
        amount: money(text(leg, "amount").unwrap(), &leg["currency"]),
    }
}

/// The row of a view, from its members alone.
fn row_of(view: &Value) -> JournalRow {
    let owned = |name: &str| text(view, name).map(str::to_owned);
    let id = |name: &str| text(view, name).map(|id| id.parse().unwrap());
    let time = |name: &str| text(view, name).map(|time| parse_rfc3339(time).unwrap());
    let amount = text(view, "amount").map(|amount| money(amount, &view["currency"]));
    let declined_leg = view["declined_leg"].as_u64();
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
        // The hash covers the accounts instead.
        source: None,
        destination: None,
        original: id("subject_id"),
        expires_at_ms: time("expires_at"),
        resolution: None,
        amount,
        legs: rows_of(&view["legs"]).iter().map(leg).collect(),
        declined_leg: declined_leg.map(|index| u32::try_from(index).unwrap()),
        reference: owned("reference"),
        metadata: owned("metadata"),
        requested_at_ms: time("requested_at").unwrap(),
        recorded_at_ms: time("recorded_at").unwrap(),
    };
    let original = view["subject_sequence"].as_i64().zip(posting.original);
    JournalRow {
        original: original.map(|(sequence, id)| OriginalRef { sequence, id }),
        posting,
        debit: account(view, "debit", 1),
        credit: account(view, "credit", 2),
    }
}

fn entries_of(view: &Value) -> Vec<Entry> {
    let entry = |entry: &Value| {
        let direction = Direction::from_stored(text(entry, "direction").unwrap()).unwrap();
        let side = format!("{}_account_id", direction.as_str());
        if rows_of(&view["legs"]).is_empty() {
            assert_eq!(entry["account_id"], view[side]);
        }
        Entry {
            sequence: entry["sequence"].as_i64().unwrap(),
            account_key: i64::from(direction.chain_code()),
            account_sequence: entry["account_sequence"].as_i64().unwrap(),
            direction,
            amount_minor: minor(text(entry, "amount").unwrap()),
            balance_after_minor: minor(text(entry, "balance_after").unwrap()),
        }
    };
    rows_of(&view["entries"]).iter().map(entry).collect()
}

fn rows_of(list: &Value) -> &[Value] {
    list.as_array().unwrap()
}

#[test]
fn the_journal_has_all_that_its_hashes_cover() {
    let bank = busy_bank();
    let page = page(&bank, 0, 100);
    let rows = rows_of(&page["data"]);
    assert_json!(page, {"has_more": false, "next_after_sequence": 16});
    assert_eq!(rows.len(), 16);
    let mut previous = [0; 32];
    for (row, sequence) in rows.iter().zip(1..) {
        assert_eq!(row["sequence"], sequence);
        assert_eq!(bytes(text(row, "previous_hash").unwrap()), previous);
        let hash = chain_hash(&previous, &row_of(row), &entries_of(row));
        assert_eq!(bytes(text(row, "hash").unwrap()), hash, "{row}");
        let moved = row["status"] == "posted";
        let legs = rows_of(&row["legs"]);
        let moves = if legs.is_empty() { 2 } else { legs.len() };
        assert_eq!(entries_of(row).len(), if moved { moves } else { 0 });
        previous = hash;
    }
    let (hold, capture) = (&rows[5], &rows[6]);
    assert_eq!(hold["expires_at"], "2026-11-22T19:11:57.123Z");
    assert_eq!(capture["subject_sequence"], hold["sequence"]);
    assert_eq!(capture["subject_id"], hold["id"]);
    assert_eq!(rows[3]["decline_code"], "insufficient_funds");
    let (actor, customer) = (kit::teller().id, Uuid::from_u128(0xC));
    assert_json!(rows[4], {
        "decline_code": "screening_denied", "denied_by": "list_7", "actor_kind": "user",
        "actor_id": actor, "on_behalf_of": customer, "request_id": "request-7",
    });
    assert_json!(rows[14], {"kind": "expiry", "actor_kind": "bank"});
}

#[test]
fn pages_of_the_journal_join_and_an_empty_one_goes_on_where_it_began() {
    let bank = busy_bank();
    let whole = page(&bank, 0, 100);
    for limit in [1, 3, 10, 16] {
        let (mut joined, mut after) = (Vec::new(), 0);
        loop {
            let page = page(&bank, after, limit);
            joined.extend_from_slice(rows_of(&page["data"]));
            after = page["next_after_sequence"].as_u64().unwrap();
            if page["has_more"] == false {
                break;
            }
        }
        assert_eq!(whole["data"], Value::Array(joined), "{limit}");
    }
    for after in [16, 1_000] {
        let expected = json!({"data": [], "next_after_sequence": after, "has_more": false});
        assert_eq!(page(&bank, after, 7), expected);
    }
    assert_eq!(page(&bank, u64::MAX, 7)["data"], json!([]));
}

#[test]
fn a_page_longer_than_one_query_is_whole() {
    let bank = bank();
    let account = kit::open(&bank.store, &bank.clock, ALICE, "EUR");
    for id in 1..=1_002 {
        kit::cash(&bank.store, &bank.clock, id, &account, 1);
    }
    let page = page(&bank, 1, 1_000);
    let rows = rows_of(&page["data"]);
    assert_eq!((rows.len(), &page["has_more"]), (1_000, &json!(true)));
    for (row, sequence) in rows.iter().zip(2..) {
        assert_eq!(row["sequence"], sequence);
        assert_eq!(entries_of(row).len(), 2);
    }
    for pair in rows.windows(2) {
        assert_eq!(pair[0]["hash"], pair[1]["previous_hash"]);
    }
}

#[test]
fn the_books_are_for_auditors_and_admins() {
    let bank = busy_bank();
    let (id, _) = open_eur(&bank, &alice());
    let no = "403 forbidden";
    for (role, books, log, own_log) in [
        (Role::Customer, no, no, no),
        (Role::Teller, no, "200", "403 own_account"),
        (Role::Auditor, "200", "200", "403 own_account"),
        (Role::Admin, "200", "200", "403 own_account"),
    ] {
        let (alice, other) = (Identity::of_user(ALICE, role), Identity::of_user(BOB, role));
        let calls = [
            (&alice, Journal(""), books),
            (&alice, Events(""), books),
            (&alice, EventsOf(id), own_log),
            (&other, EventsOf(id), log),
        ];
        check(&bank, calls);
    }
    let auditor = staff(Role::Auditor);
    check(&bank, [(&auditor, EventsOf(NO_ID), "404 not_found")]);
    let wrong = "422 validation_failed /limit";
    for query in ["limit=0", "limit=1001", "limit=18446744073709551615"] {
        check(&bank, [(&auditor, Journal(query), wrong)]);
    }
}

#[test]
fn each_change_by_staff_is_an_event_with_its_values_and_its_request() {
    let bank = bank();
    let [id, other] = [alice(), bob()].map(|owner| open_eur(&bank, &owner).0);
    let (teller, auditor) = (staff(Role::Teller), staff(Role::Auditor));
    for change in [
        Freeze(id, r#"{"stops":"debits"}"#),
        Freeze(other, "{}"),
        Patch(id, r#"{"overdraft_limit":"12.50"}"#),
        Unfreeze(id),
    ] {
        done(&bank, &teller, change);
    }
    let list = done(&bank, &auditor, EventsOf(id));
    let events = rows_of(&list["data"]);
    assert_eq!((events.len(), &events[3]["action"]), (4, &json!("opened")));
    assert!(events[3]["old_value"].is_null());
    let hash = text(&events[0], "hash").unwrap();
    let expected = json!({
        "sequence": 6, "account_id": id, "action": "unfrozen", "actor_id": teller.subject,
        "actor_role": "teller", "on_behalf_of": null, "request_id": "request-7", "old_value": "frozen:debits",
        "new_value": "open", "created_at": NOW, "hash": hash,
    });
    assert_eq!((&events[0], hash.len()), (&expected, 64));

    let all = done(&bank, &auditor, Events("after_sequence=2&limit=3"));
    let sequences = rows_of(&all["data"]).iter().map(|event| &event["sequence"]);
    assert_eq!(sequences.collect::<Vec<_>>(), [3, 4, 5]);
    assert_json!(all, {"next_after_sequence": 5, "has_more": true});
}
