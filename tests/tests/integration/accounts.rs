//! Goal: an owner can ask what an account once had, and an auditor what was done to it, by whom and
//! in which request.
//! Method: real payments around each moment; the hashes of the journal computed from their
//! documented encoding alone.

use std::time::Duration;

use sha2::{Digest, Sha256};
use strongroom_tests::bank::{Bank, cash};
use strongroom_tests::{Value, assert_json, json, list, refusals, text};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// As long as the clock may need to leave a millisecond.
const A_FEW_MS: Duration = Duration::from_millis(5);

#[tokio::test]
async fn each_moment_between_payments_has_its_balance() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, from) = (&pair.alice, &pair.from);
    let mut moments = Vec::new();
    for (amount, balance) in [("1.00", "99.00"), ("20.00", "79.00"), ("0.37", "78.63")] {
        tokio::time::sleep(A_FEW_MS).await;
        let paid = pair.send(amount).await;
        moments.push((text(&paid["posted_at"]).to_owned(), balance));
    }
    tokio::time::sleep(A_FEW_MS).await;
    // What comes later changes nothing of what was.
    pair.send("1.00").await;
    for (moment, balance) in &moments {
        let past = alice
            .read(&format!("/api/accounts/{from}/balance?at={moment}"))
            .await;
        let expected = json!({
            "account_id": from, "currency": "EUR", "balance": balance, "as_of": moment,
        });
        assert_eq!(past, expected);
    }
    let path = format!("/api/accounts/{from}/balance?at=2020-01-01T00:00:00%2B01:00");
    let before = alice.read(&path).await;
    assert_json!(before, {"balance": "0.00", "as_of": "2019-12-31T23:00:00.000Z"});
}

#[tokio::test]
async fn an_auditor_computes_every_hash_of_the_journal_again() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (auditor, teller) = (bank.staff("auditor").await, bank.staff("teller").await);
    let paid = pair.send("1.00").await;
    let deposit = cash(&pair.from, "1.00", "EUR");
    let deposited = teller.submit("deposit", &deposit).await;
    let declined = pair.alice.submit("transfer", &pair.body("1000.00")).await;
    let declined = declined.refused(422, "insufficient_funds");
    let hold = pair.alice.submit("holds", &pair.body("5.00")).await;
    let hold = hold.expect(201);
    let void = format!("holds/{}/void", text(&hold["id"]));
    pair.alice.submit(&void, &json!({})).await.expect(201);
    let split = |amount: &str| pair.posting(amount);
    let split_once = pair.alice.submit("postings", &split("1.00")).await;
    let split_once = split_once.expect(201);
    let dear = pair.alice.submit("postings", &split("9000.00")).await;
    let dear = dear.refused(422, "insufficient_funds");
    // In pages that do not divide them evenly, and no more than its rate allows.
    let rows = auditor.feed("/api/accounts/journal", 0, 337).await;
    let mut previous = [0_u8; 32];
    for (row, sequence) in rows.iter().zip(1_u64..) {
        assert_json!(row, {"sequence": sequence, "previous_hash": hex(&previous)});
        previous = Sha256::digest(encode(&previous, row)).into();
        assert_json!(row, {"hash": hex(&previous)});
    }
    let found = |id: &Value| {
        let found = rows.iter().find(|row| row["id"] == *id);
        found.unwrap_or_else(|| panic!("{id} is not in the journal"))
    };
    let row = found(&paid["id"]);
    assert_json!(row, {
        "debit_account_id": pair.from, "actor_kind": "user", "actor_id": pair.alice.id,
        "on_behalf_of": null, "request_id": null, "denied_by": null,
    });
    assert_json!(row["entries"][0], {"owner_id": pair.alice.id});
    assert_eq!(list(&row["entries"]).len(), 2);
    let row = found(&split_once["id"]);
    assert_json!(row, {"kind": "posting", "amount": null, "declined_leg": null});
    assert_eq!(
        (list(&row["legs"]).len(), list(&row["entries"]).len()),
        (2, 2)
    );
    let row = found(&dear["transaction_id"]);
    assert_json!(row, {"declined_leg": 0, "debit_account_id": pair.from, "entries": []});
    let request_id = deposited.header("x-request-id");
    let row = found(&deposited.expect(201)["id"]);
    assert_json!(row, {"actor_id": teller.id, "request_id": request_id});
    let row = found(&declined["transaction_id"]);
    assert_eq!(row["decline_code"], "insufficient_funds");
    assert!(found(&hold["id"])["expires_at"].is_string());
    for feed in ["journal", "events"] {
        refusals! {
            auditor => GET "/api/accounts/{feed}?limit=0" => 422 "validation_failed" "/limit";
            auditor => GET "/api/accounts/{feed}?limit=1001" => 422 "validation_failed" "/limit";
            auditor => GET "/api/accounts/{feed}?after_sequence=-1"
                => 422 "validation_failed" "/after_sequence";
            auditor => GET "/api/accounts/{feed}?cursor=x" => 422 "validation_failed" "/cursor";
        }
    }
}

#[tokio::test]
async fn what_staff_do_to_an_account_is_an_event_with_its_request() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let id = customer.open_account("EUR").await;
    let path = format!("/api/accounts/{id}");
    let change = json!({"overdraft_limit": "12.50"});
    let limit = teller.patch(&path).json(&change).await;
    limit.expect(200);
    let change = json!({"name": "Rent", "metadata": {"a": "1"}});
    let named = customer.patch(&path).json(&change).await;
    named.expect(200);
    let frozen = teller.post(&format!("{path}/freeze"));
    let frozen = frozen.json(&json!({"stops": "debits"})).await;
    frozen.expect(200);
    let auditor = bank.staff("auditor").await;
    let events = auditor.all(&format!("{path}/events?limit=1")).await;
    assert_json!(Value::from(&events[..]), [
        {
            "action": "frozen", "old_value": "open", "new_value": "frozen:debits",
            "actor_id": teller.id, "actor_role": "teller",
            "request_id": frozen.header("x-request-id"),
        },
        {
            "action": "metadata_changed", "old_value": "{}", "new_value": "{\"a\":\"1\"}",
            "actor_id": customer.id, "actor_role": "customer",
            "request_id": named.header("x-request-id"),
        },
        {
            "action": "name_changed", "old_value": null, "new_value": "Rent",
            "actor_id": customer.id, "request_id": named.header("x-request-id"),
        },
        {
            "action": "overdraft_limit_changed", "old_value": "0.00", "new_value": "12.50",
            "actor_id": teller.id, "actor_role": "teller",
            "request_id": limit.header("x-request-id"),
        },
        {"action": "opened", "actor_id": customer.id},
    ]);
    assert!(text(&events[0]["created_at"]).ends_with('Z'), "{events:?}");
    let before = events[0]["sequence"].as_u64().expect("a sequence") - 1;
    let path = format!("/api/accounts/events?after_sequence={before}&limit=1");
    let all = auditor.read(&path).await;
    assert_eq!(all["data"], json!([events[0]]));
    assert_eq!(all["next_after_sequence"], events[0]["sequence"]);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that a row's hash is made of, as the encodings `SRJ1` and `SRJ2` say.
fn encode(previous: &[u8; 32], row: &Value) -> Vec<u8> {
    let mut bytes = previous.to_vec();
    let legs = list(&row["legs"]);
    bytes.extend_from_slice(if legs.is_empty() { b"SRJ1" } else { b"SRJ2" });
    bytes.extend(integer(&row["sequence"]));
    bytes.extend(uuid(&row["id"]));
    bytes.extend(unhex(text(&row["fingerprint"])));
    bytes.push(code_of(&row["kind"], KINDS));
    bytes.push(code_of(&row["status"], STATUSES));
    bytes.push(match &row["decline_code"] {
        Value::Null => 0,
        code => code_of(code, DECLINES),
    });
    bytes.extend(optional(&row["denied_by"], text_with_length));
    bytes.push(code_of(&row["actor_kind"], "user bank client"));
    bytes.extend(uuid(&row["actor_id"]));
    bytes.extend(optional(&row["on_behalf_of"], uuid));
    bytes.extend(optional(&row["request_id"], text_with_length));
    for side in ["debit", "credit"] {
        let owner = uuid_or_nil(&row[format!("{side}_owner_id")]);
        let account = &row[format!("{side}_account_id")];
        bytes.extend(optional(account, |id| [uuid(id), owner].concat()));
    }
    if legs.is_empty() {
        bytes.extend(amount(&row["amount"]));
        bytes.extend_from_slice(text(&row["currency"]).as_bytes());
    } else {
        bytes.extend(encode_legs(legs, &row["declined_leg"]));
    }
    for member in ["reference", "metadata"] {
        bytes.extend(optional(&row[member], text_with_length));
    }
    bytes.extend(time(&row["requested_at"]));
    bytes.extend(time(&row["recorded_at"]));
    bytes.extend(optional(&row["subject_sequence"], integer));
    bytes.extend(optional(&row["expires_at"], time));
    let entries = list(&row["entries"]);
    let count = u16::try_from(entries.len()).expect("few entries");
    bytes.extend(count.to_be_bytes());
    for entry in entries {
        bytes.extend(integer(&entry["sequence"]));
        if legs.is_empty() {
            bytes.extend(uuid(&entry["account_id"]));
            bytes.extend(uuid(&entry["owner_id"]));
        }
        bytes.extend(integer(&entry["account_sequence"]));
        if legs.is_empty() {
            bytes.push(code_of(&entry["direction"], DIRECTIONS));
            bytes.extend(amount(&entry["amount"]));
        }
        bytes.extend(amount(&entry["balance_after"]));
    }
    bytes
}

fn encode_legs(legs: &[Value], declined: &Value) -> Vec<u8> {
    let count = u8::try_from(legs.len()).expect("few legs");
    let declined = declined.as_u64().map_or(0, |index| index + 1);
    let mut bytes = vec![count, u8::try_from(declined).expect("few legs")];
    for leg in legs {
        let owner = uuid_or_nil(&leg["owner_id"]);
        let account = |id: &Value| [uuid(id), owner].concat();
        bytes.extend(optional(&leg["account_id"], account));
        bytes.push(code_of(&leg["direction"], DIRECTIONS));
        bytes.extend(amount(&leg["amount"]));
        bytes.extend_from_slice(text(&leg["currency"]).as_bytes());
    }
    bytes
}

const DIRECTIONS: &str = "debit credit";

const KINDS: &str = "deposit withdrawal transfer hold capture void expiry reversal posting";

const STATUSES: &str = "posted declined pending voided expired";

const DECLINES: &str = "account_closed account_frozen currency_mismatch limit_exceeded \
    insufficient_funds cancelled already_captured already_voided hold_expired \
    amount_exceeds_hold already_reversed not_reversible batch_declined screening_denied";

/// A word's place in a list of the encoding, from 1.
fn code_of(word: &Value, words: &str) -> u8 {
    let place = words.split(' ').position(|known| known == text(word));
    let place = place.unwrap_or_else(|| panic!("{word} is not one of {words}"));
    u8::try_from(place + 1).expect("few words")
}

/// What may be missing: 0, or 1 and the value.
fn optional<T: AsRef<[u8]>>(value: &Value, encode: impl FnOnce(&Value) -> T) -> Vec<u8> {
    match value {
        Value::Null => vec![0],
        value => [&[1], encode(value).as_ref()].concat(),
    }
}

fn text_with_length(value: &Value) -> Vec<u8> {
    let text = text(value).as_bytes();
    let length = u32::try_from(text.len()).expect("a short text");
    [&length.to_be_bytes(), text].concat()
}

fn integer(value: &Value) -> [u8; 8] {
    value.as_u64().expect("an integer").to_be_bytes()
}

fn uuid(value: &Value) -> [u8; 16] {
    Uuid::parse_str(text(value)).expect("a UUID").into_bytes()
}

fn uuid_or_nil(value: &Value) -> [u8; 16] {
    value.as_str().map_or([0; 16], |_| uuid(value))
}

fn unhex(digits: &str) -> Vec<u8> {
    let places = (0..digits.len()).step_by(2);
    let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16);
    places
        .map(|place| byte(place).expect("hexadecimal"))
        .collect()
}

/// Minor units are the digits of the decimal string.
fn amount(value: &Value) -> [u8; 8] {
    let digits = text(value).replace('.', "");
    digits.parse::<i64>().expect("an amount").to_be_bytes()
}

/// Milliseconds since 1970.
fn time(value: &Value) -> [u8; 8] {
    let time = OffsetDateTime::parse(text(value), &Rfc3339).expect("a time");
    let ms = time.unix_timestamp_nanos() / 1_000_000;
    i64::try_from(ms).expect("a time of this age").to_be_bytes()
}
