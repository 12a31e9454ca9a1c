//! Goal: the hash chains are what `docs/audit-the-books.md` says, byte by byte, so that an auditor
//! can compute them without this code.
//! Method: the bytes of some rows, written by hand from the requests.

use super::*;
use sha2::{Digest, Sha256};
use strongroom_ledger_api::{BatchLine, Refusal, line_fingerprint, line_id};

const STAFF: Uuid = Uuid::from_u128(0x7);

fn hash_of(bytes: &[&[u8]]) -> Vec<u8> {
    Sha256::digest(bytes.concat()).to_vec()
}

fn id(number: u128) -> [u8; 16] {
    number.to_be_bytes()
}

fn text(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap();
    [&[1], &length.to_be_bytes()[..], text.as_bytes()].concat()
}

fn account(account: &Account) -> Vec<u8> {
    [
        &[1],
        &account.id.as_bytes()[..],
        account.owner_id.as_bytes(),
    ]
    .concat()
}

/// Differs from the other times, so that no two fields have the same value.
fn requested() -> [u8; 8] {
    (CLOCK.0 - 5).to_be_bytes()
}

fn stored_hashes(store: &SqliteStore, table: &str) -> Vec<Vec<u8>> {
    let sql = format!("SELECT hash FROM {table} ORDER BY sequence");
    let rows = store.query(&sql, &[]).unwrap();
    rows.into_iter().map(|row| row.blob(0).unwrap()).collect()
}

/// A hold by staff, a capture of a part of it, another hold that expired, and a denial without
/// accounts.
#[test]
fn the_journals_hashes_are_those_of_the_documented_bytes() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    account::set_overdraft_limit(&store, &CLOCK, from.id, 900, &teller()).unwrap();
    let hold = Transfer {
        authority: DebitAuthority::Bank,
        actor: Actor::user(STAFF),
        on_behalf_of: Some(ALICE),
        request_id: Some("request-7".to_owned()),
        ..holds::hold(0xA1, &from, &to, 600)
    };
    first(&store, &hold);
    let later = FixedClock(CLOCK.0 + 1_000);
    let mut capture = holds::of_original(0xA2, Kind::Capture, 0xA1, 450);
    capture.instruction.reference = Some("caf\u{e9}".to_owned());
    first_at(&store, &later, &capture);
    let mut shorter = holds::hold(0xA3, &from, &to, 20);
    shorter.instruction.expires_in = Some(1);
    shorter.instruction.reference = None;
    shorter.instruction.metadata = None;
    first_at(&store, &later, &shorter);
    let latest = FixedClock(CLOCK.0 + 2_000);
    assert_eq!(expire_holds(&store, &latest), Ok(1));
    let missing = Some(Uuid::from_u128(404));
    let denied = Transfer {
        denied_by: Some("list_7".to_owned()),
        ..transfer(0xA5, Kind::Transfer, missing, missing, 3)
    };
    first_at(&store, &latest, &denied);

    let metadata = text(r#"{"invoice":"7"}"#);
    let held = hash_of(&[
        &[0; 32],
        b"SRJ1",
        &1_u64.to_be_bytes(),
        &id(0xA1),
        &[7; 32],
        // Hold, pending, no decline, no rule.
        &[4, 3, 0, 0],
        &[1],
        STAFF.as_bytes(),
        &[1],
        ALICE.as_bytes(),
        &text("request-7"),
        &account(&from),
        &account(&to),
        &600_i64.to_be_bytes(),
        b"EUR",
        &text("rent"),
        &metadata,
        &requested(),
        &CLOCK.0.to_be_bytes(),
        &[0],
        &[1],
        &(CLOCK.0 + 60_000).to_be_bytes(),
        &0_u16.to_be_bytes(),
    ]);
    let captured = hash_of(&[
        &held,
        b"SRJ1",
        &2_u64.to_be_bytes(),
        &id(0xA2),
        &[7; 32],
        // Capture, posted.
        &[5, 1, 0, 0],
        &[1],
        ALICE.as_bytes(),
        // On behalf of no one, without a request id.
        &[0, 0],
        &account(&from),
        &account(&to),
        &450_i64.to_be_bytes(),
        b"EUR",
        &text("caf\u{e9}"),
        &metadata,
        &requested(),
        &later.0.to_be_bytes(),
        &[1],
        &1_u64.to_be_bytes(),
        &[0],
        &2_u16.to_be_bytes(),
        // The debit: the first entry of all, and of the account.
        &1_u64.to_be_bytes(),
        from.id.as_bytes(),
        ALICE.as_bytes(),
        &1_u64.to_be_bytes(),
        &[1],
        &450_i64.to_be_bytes(),
        &(-450_i64).to_be_bytes(),
        // The credit.
        &2_u64.to_be_bytes(),
        to.id.as_bytes(),
        BOB.as_bytes(),
        &1_u64.to_be_bytes(),
        &[2],
        &450_i64.to_be_bytes(),
        &450_i64.to_be_bytes(),
    ]);
    let second_hold = hash_of(&[
        &captured,
        b"SRJ1",
        &3_u64.to_be_bytes(),
        &id(0xA3),
        &[7; 32],
        &[4, 3, 0, 0],
        &[1],
        ALICE.as_bytes(),
        &[0, 0],
        &account(&from),
        &account(&to),
        &20_i64.to_be_bytes(),
        b"EUR",
        // Neither reference nor metadata.
        &[0, 0],
        &requested(),
        &later.0.to_be_bytes(),
        &[0],
        &[1],
        &(later.0 + 1_000).to_be_bytes(),
        &[0, 0],
    ]);
    let expiry = Sha256::digest([&b"expiry"[..], &id(0xA3)].concat());
    let mut expiry_id: [u8; 16] = expiry[..16].try_into().unwrap();
    // A UUID of version 8.
    expiry_id[6] = expiry_id[6] & 0x0f | 0x80;
    expiry_id[8] = expiry_id[8] & 0x3f | 0x80;
    let expired = hash_of(&[
        &second_hold,
        b"SRJ1",
        &4_u64.to_be_bytes(),
        &expiry_id,
        &expiry,
        // Expiry, expired.
        &[7, 5, 0, 0],
        // The bank.
        &[2],
        &[0; 16],
        &[0, 0],
        &account(&from),
        &account(&to),
        &20_i64.to_be_bytes(),
        b"EUR",
        &[0, 0],
        &latest.0.to_be_bytes(),
        &latest.0.to_be_bytes(),
        &[1],
        &3_u64.to_be_bytes(),
        &[0],
        &[0, 0],
    ]);
    let denied = hash_of(&[
        &expired,
        b"SRJ1",
        &5_u64.to_be_bytes(),
        &id(0xA5),
        &[7; 32],
        // Transfer, declined, screening denied, and its rule.
        &[3, 2, 14],
        &text("list_7"),
        &[1],
        ALICE.as_bytes(),
        &[0, 0],
        // No account.
        &[0, 0],
        &3_i64.to_be_bytes(),
        b"EUR",
        &text("rent"),
        &metadata,
        &requested(),
        &latest.0.to_be_bytes(),
        &[0, 0],
        &[0, 0],
    ]);
    let expected = [held, captured, second_hold, expired, denied];
    assert_eq!(stored_hashes(&store, "transfer"), expected);
}

#[test]
fn the_hashes_of_batches_are_those_of_the_documented_bytes() {
    let (store, from, to) = bank();
    let refusal = Refusal {
        code: "amount_invalid".to_owned(),
        pointer: "/amount".to_owned(),
        detail: "must be \"greater\" than zero".to_owned(),
    };
    let lines = [
        batch::line(&from, &to, 1),
        BatchLine::Refused(refusal),
        batch::line(&from, &to, 2),
    ];
    let first = batch::batch(0xB1, false, lines);
    posted_batch(&store, &first).unwrap();
    let mut second = batch::batch(0xB2, true, [batch::line(&from, &to, 3)]);
    second.actor = Actor::user(STAFF);
    second.on_behalf_of = Some(ALICE);
    posted_batch(&store, &second).unwrap();

    let refusals = r#"[{"index":1,"code":"amount_invalid","pointer":"/amount","detail":"must be \"greater\" than zero"}]"#;
    let one = hash_of(&[
        &[0; 32],
        b"SRB1",
        &1_u64.to_be_bytes(),
        &id(0xB1),
        &[9; 32],
        &[1],
        ALICE.as_bytes(),
        &[0],
        &[0],
        &3_u16.to_be_bytes(),
        &text(refusals),
        &requested(),
        &CLOCK.0.to_be_bytes(),
    ]);
    let two = hash_of(&[
        &one,
        b"SRB1",
        &2_u64.to_be_bytes(),
        &id(0xB2),
        &[9; 32],
        &[1],
        STAFF.as_bytes(),
        &[1],
        ALICE.as_bytes(),
        &[1],
        &1_u16.to_be_bytes(),
        &text("[]"),
        &requested(),
        &CLOCK.0.to_be_bytes(),
    ]);
    assert_eq!(stored_hashes(&store, "batch"), [one, two]);

    // The lines are rows of the journal, with ids and fingerprints derived from the batch's.
    let rows = journal(&store, 1, 10).unwrap();
    let of_rows = rows.iter().map(|row| (row.id, row.fingerprint));
    let of = |batch: u128, index| {
        let id = line_id(Uuid::from_u128(batch), index);
        (id, line_fingerprint(&[9; 32], index))
    };
    assert_eq!(
        of_rows.collect::<Vec<_>>(),
        [of(0xB1, 0), of(0xB1, 2), of(0xB2, 0)]
    );
}
