//! The journal's hash chain.
//!
//! Each row's hash covers the row, its entries, and the hash of the row before, so that nothing in the past can be changed, left
//! out, or slipped in without every later hash changing. The encoding is fixed and binary: no two different rows have the same bytes,
//! and no library's way of writing JSON or dates matters. A deposit, withdrawal, or transfer is of version 1:
//!
//! ```text
//! hash(n) = SHA-256( hash(n-1)                      32 bytes, all zero before the first row
//!   "SRJ1"                                           4 bytes, this encoding
//!   sequence          u64      id         16 bytes   fingerprint  32 bytes
//!   kind              u8       status     u8         decline      u8, 0 if none
//!   initiator         16 bytes
//!   debit account     0x00, or 0x01 and its id and its owner's id, 16 bytes each
//!   credit account    the same
//!   amount            i64      currency   3 bytes
//!   reference         0x00, or 0x01, its length u32, and its UTF-8 bytes
//!   metadata          the same
//!   requested at ms   i64      recorded at ms  i64
//!   entries           their number u8, and for each:
//!     sequence u64, account id 16 bytes, account sequence u64, direction u8, amount i64, balance after i64 )
//! ```
//!
//! A row of a hold, capture, void, expiry, or reversal is of version 2: it begins with "SRJ2", and after the recorded time has
//!
//! ```text
//!   subject           0x00, or 0x01 and its sequence u64
//!   expires at ms     0x00, or 0x01 and i64
//! ```
//!
//! Integers are big-endian. The codes of `kind`, `status`, `decline`, and `direction` are those of
//! [`chain_code`](super::Kind::chain_code).

use super::journal::{Direction, Entry, JournalRow, Party};
use super::transfer::Kind;
use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash before the first row.
pub const GENESIS: Hash = [0; 32];

const ENCODING: &[u8; 4] = b"SRJ1";
const ENCODING_WITH_SUBJECT: &[u8; 4] = b"SRJ2";

/// The hash of a row that follows the row with the hash `previous`.
pub fn hash(previous: &Hash, row: &JournalRow, entries: &[Entry]) -> Hash {
    // One buffer and one update: the usual row has some 400 bytes.
    let mut bytes = Vec::with_capacity(512);
    bytes.extend_from_slice(previous);
    let with_subject = row.kind.has_subject() || row.kind == Kind::Hold;
    bytes.extend_from_slice(if with_subject {
        ENCODING_WITH_SUBJECT
    } else {
        ENCODING
    });
    bytes.extend_from_slice(&row.sequence.to_be_bytes());
    bytes.extend_from_slice(row.id.as_bytes());
    bytes.extend_from_slice(&row.fingerprint);
    bytes.push(row.kind.chain_code());
    bytes.push(row.status.chain_code());
    bytes.push(row.decline.map_or(0, super::Decline::chain_code));
    bytes.extend_from_slice(row.initiator.as_bytes());
    push_party(&mut bytes, row.debit);
    push_party(&mut bytes, row.credit);
    bytes.extend_from_slice(&row.amount_minor.to_be_bytes());
    bytes.extend_from_slice(row.currency.as_bytes());
    push_text(&mut bytes, row.reference.as_deref());
    push_text(&mut bytes, row.metadata.as_deref());
    bytes.extend_from_slice(&row.requested_at_ms.to_be_bytes());
    bytes.extend_from_slice(&row.recorded_at_ms.to_be_bytes());
    if with_subject {
        push_integer(&mut bytes, row.subject.map(|subject| subject.sequence));
        push_integer(&mut bytes, row.expires_at_ms);
    }
    bytes.push(entries.len().min(usize::from(u8::MAX)) as u8);
    for entry in entries {
        push_entry(&mut bytes, row, entry);
    }
    Sha256::digest(&bytes).into()
}

fn push_integer(bytes: &mut Vec<u8>, integer: Option<i64>) {
    bytes.push(u8::from(integer.is_some()));
    bytes.extend(integer.map(i64::to_be_bytes).into_iter().flatten());
}

fn push_party(bytes: &mut Vec<u8>, party: Option<Party>) {
    match party {
        None => bytes.push(0),
        Some(party) => {
            bytes.push(1);
            bytes.extend_from_slice(party.id.as_bytes());
            bytes.extend_from_slice(party.owner_id.as_bytes());
        }
    }
}

pub(crate) fn push_text(bytes: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => bytes.push(0),
        Some(text) => {
            bytes.push(1);
            // Every text that is hashed has a limit far below 4 GiB.
            bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
}

/// An entry names its account by the id that the row has for its side: an entry of any other account hashes to something else.
fn push_entry(bytes: &mut Vec<u8>, row: &JournalRow, entry: &Entry) {
    let party = match entry.direction {
        Direction::Debit => row.debit,
        Direction::Credit => row.credit,
    };
    let account_id = party
        .filter(|party| party.key == entry.account_key)
        .map_or([0xff; 16], |party| *party.id.as_bytes());
    bytes.extend_from_slice(&entry.sequence.to_be_bytes());
    bytes.extend_from_slice(&account_id);
    bytes.extend_from_slice(&entry.account_sequence.to_be_bytes());
    bytes.push(entry.direction.chain_code());
    bytes.extend_from_slice(&entry.amount_minor.to_be_bytes());
    bytes.extend_from_slice(&entry.balance_after_minor.to_be_bytes());
}
