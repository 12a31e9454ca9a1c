//! Goal: an auditor trusts the journal because of its hashes alone.
//! Method: a bank that has done business of every kind; the hashes computed from their documented
//! encoding.

use sha2::{Digest, Sha256};
use strongroom_tests::bank::Bank;
use strongroom_tests::{Value, assert_json, list, text};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

#[tokio::test]
async fn an_auditor_computes_every_hash_of_the_journal_again() {
    let bank = Bank::shared().await;
    bank.pair().await.do_business().await;
    let auditor = bank.staff("auditor").await;
    // In pages that do not divide them evenly, and no more than its rate allows.
    let rows = auditor.feed("/api/accounts/journal", 0, 337).await;
    for kind in "deposit transfer hold capture void reversal posting".split(' ') {
        assert!(rows.iter().any(|row| row["kind"] == kind), "{kind}");
    }
    let mut previous = [0_u8; 32];
    for (row, sequence) in rows.iter().zip(1_u64..) {
        assert_json!(row, {"sequence": sequence, "previous_hash": hex(&previous)});
        previous = Sha256::digest(encode(&previous, row)).into();
        assert_json!(row, {"hash": hex(&previous)});
    }
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
    let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16);
    let bytes = (0..digits.len()).step_by(2).map(byte);
    bytes.collect::<Result<_, _>>().expect("hexadecimal")
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
