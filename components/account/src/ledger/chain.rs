//! The journal's hash chain.
//!
//! Each row's hash covers the row, its entries, and the hash of the previous row. A change in the
//! past, a missing row, or a row too many changes every later hash. The encoding is fixed and
//! binary: no two different rows have the same bytes, and no JSON or date library has an influence.
//!
//! ```text
//! hash(n) = SHA-256( hash(n-1)                      32 bytes, all zero before the first row
//!   "SRJ1"                                           4 bytes, this encoding
//!   sequence          u64      id         16 bytes   fingerprint  32 bytes
//!   kind              u8       status     u8         decline      u8, 0 if none
//!   denied by         text?
//!   actor             kind u8, id 16 bytes
//!   on behalf of      id?
//!   request id        text?
//!   debit account     0x00, or 0x01 and its id and its owner's id, 16 bytes each
//!   credit account    the same
//!   amount            i64      currency   3 bytes
//!   reference         text?    metadata   text?
//!   requested at ms   i64      recorded at ms  i64
//!   original           0x00, or 0x01 and its sequence u64
//!   expires at ms     0x00, or 0x01 and i64
//!   entries           their number u16, and for each:
//!     sequence u64, account id 16 bytes, owner id 16 bytes, account sequence u64, direction u8,
//!     amount i64, balance after i64 )
//! ```
//!
//! A posting of several legs, and its reversal, has `SRJ2`. In place of amount and currency it has
//! its legs as they are stored:
//!
//! ```text
//!   legs              their number u8, the declined leg u8 (counted from 1, 0 if none); for each:
//!     account 0x00, or 0x01 and its id and its owner's id; direction u8, amount i64,
//!     currency 3 bytes
//! ```
//!
//! Of its entries, which are those of the legs in their order, it has no more than sequence,
//! account sequence, and balance after.
//!
//! Integers are big-endian; [`strongroom_sdk::hash_chain`] defines `text?` and `id?`. The codes of
//! `kind`, `status`, `decline`, actor kind, and `direction` are those of
//! [`chain_code`](strongroom_ledger_api::Kind::chain_code).

use super::journal::{AccountOfRow, Entry, JournalRow};
use super::row_legs;
use crate::account::Direction;
use sha2::{Digest, Sha256};
use strongroom_ledger_api::Decline;
use strongroom_sdk::hash_chain::{Hash, push_id, push_integer, push_text};

const ENCODING: &[u8; 4] = b"SRJ1";
const ENCODING_OF_LEGS: &[u8; 4] = b"SRJ2";

/// Stands for an account that is neither of the row's, so that such an entry changes the hash.
const FOREIGN_ACCOUNT: [u8; 32] = [0xff; 32];

/// The hash of a row whose previous row has the hash `previous`.
pub fn hash(previous: &Hash, row: &JournalRow, entries: &[Entry]) -> Hash {
    let posting = &row.posting;
    // One buffer: a usual row has some 500 bytes.
    let mut bytes = Vec::with_capacity(640);
    bytes.extend_from_slice(previous);
    let has_legs = !posting.legs.is_empty();
    bytes.extend_from_slice(if has_legs { ENCODING_OF_LEGS } else { ENCODING });
    bytes.extend_from_slice(&posting.sequence.to_be_bytes());
    bytes.extend_from_slice(posting.id.as_bytes());
    bytes.extend_from_slice(&posting.fingerprint);
    bytes.push(posting.kind.chain_code());
    bytes.push(posting.status.chain_code());
    bytes.push(posting.decline.map_or(0, Decline::chain_code));
    push_text(&mut bytes, posting.denied_by.as_deref());
    bytes.push(posting.actor.kind.chain_code());
    bytes.extend_from_slice(posting.actor.id.as_bytes());
    push_id(&mut bytes, posting.on_behalf_of);
    push_text(&mut bytes, posting.request_id.as_deref());
    push_account(&mut bytes, row.debit);
    push_account(&mut bytes, row.credit);
    match posting.amount {
        Some(amount) => {
            bytes.extend_from_slice(&amount.minor().to_be_bytes());
            bytes.extend_from_slice(amount.currency().code().as_bytes());
        }
        None => row_legs::push(&mut bytes, &posting.legs, posting.declined_leg),
    }
    push_text(&mut bytes, posting.reference.as_deref());
    push_text(&mut bytes, posting.metadata.as_deref());
    bytes.extend_from_slice(&posting.requested_at_ms.to_be_bytes());
    bytes.extend_from_slice(&posting.recorded_at_ms.to_be_bytes());
    push_integer(&mut bytes, row.original.map(|original| original.sequence));
    push_integer(&mut bytes, posting.expires_at_ms);
    let count = u16::try_from(entries.len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&count.to_be_bytes());
    for entry in entries {
        if has_legs {
            bytes.extend_from_slice(&entry.sequence.to_be_bytes());
            bytes.extend_from_slice(&entry.account_sequence.to_be_bytes());
            bytes.extend_from_slice(&entry.balance_after_minor.to_be_bytes());
        } else {
            push_entry(&mut bytes, row, entry);
        }
    }
    Sha256::digest(&bytes).into()
}

fn push_account(bytes: &mut Vec<u8>, account: Option<AccountOfRow>) {
    bytes.push(u8::from(account.is_some()));
    if let Some(account) = account {
        bytes.extend_from_slice(account.id.as_bytes());
        bytes.extend_from_slice(account.owner_id.as_bytes());
    }
}

/// The row has the account of an entry, on the entry's side.
fn push_entry(bytes: &mut Vec<u8>, row: &JournalRow, entry: &Entry) {
    let account = match entry.direction {
        Direction::Debit => row.debit,
        Direction::Credit => row.credit,
    };
    bytes.extend_from_slice(&entry.sequence.to_be_bytes());
    match account.filter(|account| account.key == entry.account_key) {
        Some(account) => {
            bytes.extend_from_slice(account.id.as_bytes());
            bytes.extend_from_slice(account.owner_id.as_bytes());
        }
        None => bytes.extend_from_slice(&FOREIGN_ACCOUNT),
    }
    bytes.extend_from_slice(&entry.account_sequence.to_be_bytes());
    bytes.push(entry.direction.chain_code());
    bytes.extend_from_slice(&entry.amount_minor.to_be_bytes());
    bytes.extend_from_slice(&entry.balance_after_minor.to_be_bytes());
}
