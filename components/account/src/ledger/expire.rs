//! The sweep that ends holds whose time is up. It may come late: after its time a hold accepts no
//! capture and no void, swept or not.

use super::columns::money;
use super::post::{Operation, in_transaction, record};
use sha2::{Digest, Sha256};
use strongroom_ledger_api::{Actor, DebitAuthority, Instruction, Kind, LedgerError, Transfer};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Reader, Row, Store, StoreError, Value};

/// The most holds that one call ends.
pub const EXPIRIES_MAX: u32 = 256;

const DUE: &str = "\
SELECT transfer.id, transfer.amount_minor, transfer.currency
FROM open_hold JOIN transfer ON transfer.sequence = open_hold.transfer_sequence
WHERE open_hold.expires_at_ms <= ?1 ORDER BY open_hold.expires_at_ms LIMIT ?2";

/// Ends up to [`EXPIRIES_MAX`] expired holds, oldest first, in one transaction; returns how many.
///
/// Each expiry's id is derived from its hold's, so that a repeated sweep finds it recorded.
pub fn expire_holds<S: Store>(store: &S, clock: &impl Clock) -> Result<usize, LedgerError> {
    let due = |now_ms: i64, limit: u32| [Value::from(now_ms), Value::from(i64::from(limit))];
    // Mostly nothing is due; then the sweep does not take the writer.
    if store.query(DUE, &due(clock.now_ms(), 1))?.rows.is_empty() {
        return Ok(0);
    }
    in_transaction(store, |transaction| {
        // Read again after the wait for the writer: a clock that was set back changes what is due.
        let now = StoppedClock(clock.now_ms());
        let rows = transaction.query(DUE, &due(now.0, EXPIRIES_MAX))?;
        let expired = rows.rows.len();
        for row in rows {
            let expiry = expiry(&row, now.0)?;
            record(transaction, &now, &expiry, Operation::Post)?;
        }
        Ok(expired)
    })
}

/// A clock that stands still.
struct StoppedClock(i64);

impl Clock for StoppedClock {
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
