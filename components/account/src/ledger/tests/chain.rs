//! Goal: the hash chains are, byte by byte, what `docs/audit-the-books.md` says; written by hand.

use super::*;
use sha2::{Digest, Sha256};
use strongroom_ledger_api::{BatchLine, line_fingerprint, line_id};

/// The teller of [`by_bank`].
const STAFF: Uuid = Uuid::from_u128(0x7);

/// SHA-256 of the parts. With braces, these keep the lines of the document.
macro_rules! sha256 {
    ($($part:expr),+) => { Sha256::digest([$(&$part[..]),+].concat()).to_vec() };
}

/// A number of 64 bits; `i64` and `u64` have the same bytes.
fn int(number: i64) -> [u8; 8] {
    number.to_be_bytes()
}

fn id(number: u128) -> [u8; 16] {
    number.to_be_bytes()
}

fn text(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap();
    [&[1], &length.to_be_bytes()[..], text.as_bytes()].concat()
}

fn account(account: &Account) -> Vec<u8> {
    let [id, owner_id] = [account.id, account.owner_id].map(Uuid::into_bytes);
    [&[1], &id[..], &owner_id].concat()
}

/// Differs from the other times, so that no two fields have the same value.
fn requested() -> [u8; 8] {
    int(CLOCK.0 - 5)
}

fn stored_hashes(store: &SqliteStore, table: &str) -> Vec<Vec<u8>> {
    let sql = format!("SELECT hash FROM {table} ORDER BY sequence");
    let rows = store.query(&sql, &[]).unwrap();
    rows.into_iter().map(|row| row.blob(0).unwrap()).collect()
}

/// A hold by staff, a capture of a part, a hold that expired, and a denial without accounts.
#[test]
fn the_journals_hashes_are_those_of_the_documented_bytes() {
    let (store, from, to) = empty_bank();
    kit::set_limit(&store, &CLOCK, from.id, 900).unwrap();
    let mut hold = by_bank(holds::hold(0xA1, &from, &to, 600));
    hold.on_behalf_of = Some(ALICE);
    hold.request_id = Some("request-7".to_owned());
    first(&store, &hold);
    let later = FixedClock(CLOCK.0 + 1_000);
    let mut capture = holds::of_original(0xA2, Kind::Capture, 0xA1, 450);
    capture.instruction.reference = Some("caf\u{e9}".to_owned());
    first_at(&store, &later, &capture);
    let mut shorter = holds::hold(0xA3, &from, &to, 20);
    shorter.instruction.expires_in = Some(1);
    (shorter.instruction.reference, shorter.instruction.metadata) = (None, None);
    first_at(&store, &later, &shorter);
    let latest = FixedClock(CLOCK.0 + 2_000);
    assert_eq!(expire_holds(&store, &latest), Ok(1));
    let missing = Some(Uuid::from_u128(404));
    let asked = transfer(0xA5, Kind::Transfer, Some(from.id), missing, 3);
    first_at(&store, &latest, &denied(asked));

    let metadata = text(r#"{"invoice":"7"}"#);
    let held = sha256! {
        [0; 32], b"SRJ1", int(1), id(0xA1), [7; 32],
        // Hold, pending, no decline, no rule.
        [4, 3, 0, 0],
        [1], STAFF.as_bytes(), [1], ALICE.as_bytes(), text("request-7"),
        account(&from), account(&to), int(600), b"EUR",
        text("rent"), metadata, requested(), int(CLOCK.0),
        [0], [1], int(CLOCK.0 + 60_000),
        [0, 0]
    };
    let captured = sha256! {
        held, b"SRJ1", int(2), id(0xA2), [7; 32],
        // Capture, posted.
        [5, 1, 0, 0],
        // On behalf of no one, without a request id.
        [1], ALICE.as_bytes(), [0, 0],
        account(&from), account(&to), int(450), b"EUR",
        text("caf\u{e9}"), metadata, requested(), int(later.0),
        [1], int(1), [0],
        [0, 2],
        // The debit: the first entry of all, and of the account.
        int(1), from.id.as_bytes(), ALICE.as_bytes(), int(1), [1], int(450), int(-450),
        // The credit.
        int(2), to.id.as_bytes(), BOB.as_bytes(), int(1), [2], int(450), int(450)
    };
    let second_hold = sha256! {
        captured, b"SRJ1", int(3), id(0xA3), [7; 32],
        [4, 3, 0, 0],
        [1], ALICE.as_bytes(), [0, 0],
        account(&from), account(&to), int(20), b"EUR",
        // Neither reference nor metadata.
        [0, 0], requested(), int(later.0),
        [0], [1], int(later.0 + 1_000),
        [0, 0]
    };
    let expiry = Sha256::digest([&b"expiry"[..], &id(0xA3)].concat());
    let mut expiry_id: [u8; 16] = expiry[..16].try_into().unwrap();
    // A UUID of version 8.
    expiry_id[6] = expiry_id[6] & 0x0f | 0x80;
    expiry_id[8] = expiry_id[8] & 0x3f | 0x80;
    let expired = sha256! {
        second_hold, b"SRJ1", int(4), expiry_id, expiry,
        // Expiry, expired, by the bank.
        [7, 5, 0, 0],
        [2], [0; 16], [0, 0],
        account(&from), account(&to), int(20), b"EUR",
        [0, 0], int(latest.0), int(latest.0),
        [1], int(3), [0],
        [0, 0]
    };
    let denied = sha256! {
        expired, b"SRJ1", int(5), id(0xA5), [7; 32],
        // Transfer, declined, screening denied, and its rule.
        [3, 2, 14], text(RULE),
        [1], ALICE.as_bytes(), [0, 0],
        // No payee.
        account(&from), [0], int(3), b"EUR",
        text("rent"), metadata, requested(), int(latest.0),
        [0, 0],
        [0, 0]
    };
    let expected = [held, captured, second_hold, expired, denied];
    assert_eq!(stored_hashes(&store, "transfer"), expected);
}

/// A split payment with notes, one that is denied for a leg to nowhere, and a reversal.
#[test]
fn the_hashes_of_postings_of_several_legs_are_those_of_the_documented_bytes() {
    let (store, from, to) = empty_bank();
    kit::set_limit(&store, &CLOCK, from.id, 900).unwrap();
    let mut split = legs::posting(0xA1, vec![legs::credit(&to, 450), legs::debit(&from, 450)]);
    split.on_behalf_of = Some(ALICE);
    split.instruction.reference = Some("rent".to_owned());
    split.instruction.metadata = Some(r#"{"invoice":"7"}"#.to_owned());
    accepted(&store, &split);
    let mut denied = legs::posting(0xA2, vec![legs::debit(&from, 3), legs::credit(&to, 3)]);
    let credit = &mut denied.instruction.legs[1];
    (credit.account, credit.denied_by) = (Uuid::from_u128(404), Some(RULE.to_owned()));
    first(&store, &denied);
    let later = FixedClock(CLOCK.0 + 1_000);
    first_at(&store, &later, &legs::reversal(0xA3, 0xA1));

    let split = sha256! {
        [0; 32], b"SRJ2", int(1), id(0xA1), [7; 32],
        // Posting, posted, no decline, no rule.
        [9, 1, 0, 0],
        [1], ALICE.as_bytes(), [1], ALICE.as_bytes(), [0],
        // No account to debit or credit; two legs, none declined.
        [0, 0], [2, 0],
        account(&to), [2], int(450), b"EUR",
        account(&from), [1], int(450), b"EUR",
        text("rent"), text(r#"{"invoice":"7"}"#), requested(), int(CLOCK.0),
        [0, 0],
        [0, 2],
        // Of each entry: its place of all, its place in the account, the balance after it.
        int(1), int(1), int(450),
        int(2), int(1), int(-450)
    };
    let denied = sha256! {
        split, b"SRJ2", int(2), id(0xA2), [7; 32],
        // Posting, declined, screening denied, and its rule.
        [9, 2, 14], text(RULE),
        [1], ALICE.as_bytes(), [0, 0],
        // The first account to debit; two legs, the second declined.
        account(&from), [0], [2, 2],
        account(&from), [1], int(3), b"EUR",
        [0], [2], int(3), b"EUR",
        [0, 0], requested(), int(CLOCK.0),
        [0, 0],
        [0, 0]
    };
    let reversed = sha256! {
        denied, b"SRJ2", int(3), id(0xA3), [7; 32],
        // Reversal, posted.
        [8, 1, 0, 0],
        [1], STAFF.as_bytes(), [0, 0],
        [0, 0], [2, 0],
        account(&to), [1], int(450), b"EUR",
        account(&from), [2], int(450), b"EUR",
        [0, 0], requested(), int(later.0),
        [1], int(1), [0],
        [0, 2],
        int(3), int(2), int(0),
        int(4), int(2), int(0)
    };
    assert_eq!(stored_hashes(&store, "transfer"), [split, denied, reversed]);
}

#[test]
fn the_hashes_of_batches_are_those_of_the_documented_bytes() {
    let (store, from, to) = bank();
    let mut refusal = kit::refusal();
    refusal.detail = "must be \"greater\" than zero".to_owned();
    let lines = [
        batch::line(&from, &to, 1),
        BatchLine::Refused(refusal),
        batch::line(&from, &to, 2),
    ];
    posted_batch(&store, &batch::batch(0xB1, false, lines)).unwrap();
    let mut second = batch::batch(0xB2, true, [batch::line(&from, &to, 3)]);
    (second.actor, second.on_behalf_of) = (Actor::user(STAFF), Some(ALICE));
    posted_batch(&store, &second).unwrap();

    let refusals = r#"[{"index":1,"code":"amount_invalid","pointer":"/amount","detail":"must be \"greater\" than zero"}]"#;
    let one = sha256! {
        [0; 32], b"SRB1", int(1), id(0xB1), [9; 32],
        [1], ALICE.as_bytes(), [0],
        [0], [0, 3], text(refusals),
        requested(), int(CLOCK.0)
    };
    let two = sha256! {
        one, b"SRB1", int(2), id(0xB2), [9; 32],
        [1], STAFF.as_bytes(), [1], ALICE.as_bytes(),
        [1], [0, 1], text("[]"),
        requested(), int(CLOCK.0)
    };
    assert_eq!(stored_hashes(&store, "batch"), [one, two]);

    // The lines are rows of the journal, with ids and fingerprints derived from the batch's.
    let rows = journal(&store, 1, 10).unwrap();
    for (row, (batch, index)) in rows.iter().zip([(0xB1, 0), (0xB1, 2), (0xB2, 0)]) {
        assert_eq!(row.id, line_id(Uuid::from_u128(batch), index));
        assert_eq!(row.fingerprint, line_fingerprint(&[9; 32], index));
    }
    assert_eq!(rows.len(), 3);
}
