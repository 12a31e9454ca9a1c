//! What auditors see: the journal, of which they can compute each hash, and changes of accounts.

use super::*;
use strongroom_sdk::store::Reader;

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

fn rows_of(list: &Value) -> &[Value] {
    list.as_array().unwrap()
}

/// The auditor who computes all hashes, on the wire, shows that they cover no more.
#[test]
fn the_journal_has_all_that_its_hashes_cover() {
    let bank = busy_bank();
    let page = page(&bank, 0, 100);
    assert_json!(page, {"has_more": false, "next_after_sequence": 16});
    let rows = rows_of(&page["data"]);
    let hashes = "SELECT lower(hex(hash)) FROM transfer ORDER BY sequence";
    let hashes = bank.store.query(hashes, &[]).unwrap().rows;
    assert_eq!((rows.len(), hashes.len()), (16, 16));
    let mut previous = "0".repeat(64);
    for (row, hash) in rows.iter().zip(hashes) {
        let hash = hash.text(0).unwrap();
        assert_json!(row, {"previous_hash": previous, "hash": hash});
        let entries = if row["status"] == "posted" { 2 } else { 0 };
        assert_eq!(rows_of(&row["entries"]).len(), entries, "{row}");
        previous = hash;
    }
    let of = |by: Identity| done(&bank, &by, List(""))["data"][0]["id"].clone();
    let (from, to) = (of(alice()), of(bob()));
    let (actor, customer) = (kit::teller().id, Uuid::from_u128(0xC));
    let entries = json!([
        {"sequence": 3, "account_id": from, "owner_id": ALICE, "account_sequence": 2,
            "direction": "debit", "amount": "3.00", "balance_after": "7.00"},
        {"sequence": 4, "account_id": to, "owner_id": BOB, "account_sequence": 1,
            "direction": "credit", "amount": "3.00", "balance_after": "3.00"},
    ]);
    let expected = json!({
        "sequence": 2, "id": Uuid::from_u128(2), "fingerprint": "07".repeat(32),
        "kind": "transfer", "status": "posted", "decline_code": null, "denied_by": null,
        "actor_kind": "user", "actor_id": actor, "on_behalf_of": customer,
        "request_id": "request-7", "debit_account_id": from, "debit_owner_id": ALICE,
        "credit_account_id": to, "credit_owner_id": BOB, "amount": "3.00", "currency": "EUR",
        "legs": [], "declined_leg": null, "reference": "caf\u{e9}", "metadata": r#"{"a": 1}"#,
        "requested_at": "1970-01-01T00:00:00.005Z", "recorded_at": NOW,
        "subject_sequence": null, "subject_id": null, "expires_at": null, "entries": entries,
        "previous_hash": rows[0]["hash"], "hash": rows[1]["hash"],
    });
    assert_eq!(rows[1], expected);
    assert_json!(rows[3], {"status": "declined", "decline_code": "insufficient_funds"});
    assert_json!(rows[4], {"decline_code": "screening_denied", "denied_by": "list_7"});
    assert_json!(rows[5], {"status": "pending", "expires_at": "2026-11-22T19:11:57.123Z"});
    assert_json!(rows[6], {"subject_sequence": 6, "subject_id": rows[5]["id"]});
    let legs = json!([
        {"account_id": from, "owner_id": ALICE, "direction": "debit", "amount": "0.20",
            "currency": "EUR"},
        {"account_id": to, "owner_id": BOB, "direction": "credit", "amount": "0.20",
            "currency": "EUR"},
    ]);
    assert_json!(rows[11], {"amount": null, "currency": null, "legs": legs});
    assert_json!(rows[12], {"declined_leg": 0, "debit_account_id": from});
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
    let mut previous = &rows[0]["previous_hash"];
    for (row, sequence) in rows.iter().zip(2..) {
        assert_json!(row, {"sequence": sequence, "previous_hash": previous});
        assert_eq!(rows_of(&row["entries"]).len(), 2);
        previous = &row["hash"];
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
    for query in ["limit=0", "limit=1001", "limit=18446744073709551615"] {
        let calls = [Journal(query), Events(query)];
        let limit = "422 validation_failed /limit";
        check(&bank, calls.map(|call| (&auditor, call, limit)));
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
    assert_eq!(events.len(), 4);
    assert_json!(events[3], {"action": "opened", "old_value": null});
    let hash = events[0]["hash"].as_str().unwrap();
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
