//! Ends holds whose time is up. A capture or void after that time is refused whether or not the sweep has been here, so nothing
//! depends on when it comes.

use super::journal::money;
use super::post::{Wish, in_transaction, record};
use sha2::{Digest, Sha256};
use strongroom_ledger_api::{Actor, DebitAuthority, Instruction, Kind, LedgerError, Transfer};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Row, Store, StoreError, Transaction, Value};

/// How many holds one call ends.
pub const EXPIRIES_MAX: u32 = 256;

const DUE: &str = "\
SELECT transfer.id, transfer.amount_minor, transfer.currency
FROM open_hold JOIN transfer ON transfer.sequence = open_hold.transfer_sequence
WHERE open_hold.expires_at_ms <= ?1 ORDER BY open_hold.expires_at_ms LIMIT ?2";

/// Ends up to [`EXPIRIES_MAX`] expired holds, oldest first, in one transaction; returns how many.
///
/// Each expiry's id follows from its hold's: a sweep that is repeated, after whatever crash, finds it recorded.
pub fn expire_holds<S: Store>(store: &S, clock: &impl Clock) -> Result<usize, LedgerError> {
    let due = |now_ms: i64, limit: u32| [Value::from(now_ms), Value::from(i64::from(limit))];
    // Mostly nothing is due, and then nobody waits for the writer.
    if store.query(DUE, &due(clock.now_ms(), 1))?.rows.is_empty() {
        return Ok(0);
    }
    in_transaction(store, |transaction| {
        // Once, and after the wait: what was due before it may not be, by a clock that was set
        // back.
        let now = Stopped(clock.now_ms());
        let rows = transaction.query(DUE, &due(now.0, EXPIRIES_MAX))?;
        let expired = rows.rows.len();
        for row in rows {
            let expiry = expiry(&row, now.0)?;
            record(transaction, &now, &expiry, Wish::Post)?;
        }
        Ok(expired)
    })
}

/// A clock that stands still.
struct Stopped(i64);

impl Clock for Stopped {
    fn now_ms(&self) -> i64 {
        self.0
    }
}

fn expiry(row: &Row, now_ms: i64) -> Result<Transfer, StoreError> {
    let hold = row.uuid(0)?;
    let digest: [u8; 32] = Sha256::new()
        .chain_update(b"expiry")
        .chain_update(hold.as_bytes())
        .finalize()
        .into();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    Ok(Transfer {
        id: uuid::Builder::from_custom_bytes(id).into_uuid(),
        fingerprint: digest,
        authority: DebitAuthority::Bank,
        actor: Actor::BANK,
        on_behalf_of: None,
        request_id: None,
        instruction: Instruction {
            original: Some(hold),
            ..Instruction::new(Kind::Expiry, money(row.integer(1)?, &row.text(2)?)?)
        },
        denied_by: None,
        requested_at_ms: now_ms,
    })
}
