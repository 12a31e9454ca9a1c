//! Old sessions leave the store.

use crate::env::Env;
use crate::error::TokenError;
use crate::service::TokenService;
use strongroom_sdk::store::{Reader, Store, Transaction};

/// A session stays for so long after its absolute end, so that staff can look into it.
const RETENTION_MS: i64 = 7 * 24 * 3_600_000;

/// One tick deletes at most so many sessions, so that the writer is soon free again.
const DELETIONS_PER_TICK: i64 = 500;

const ANY_OVER: &str = "SELECT 1 FROM session WHERE expires_at < ?1 LIMIT 1";

const DELETE_ROTATIONS: &str = "\
DELETE FROM rotation WHERE session IN
    (SELECT id FROM session WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)";

const DELETE_OVER: &str = "\
DELETE FROM session WHERE id IN
    (SELECT id FROM session WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)";

impl<E: Env> TokenService<E> {
    /// Deletes old sessions, and returns how many. For `tick`.
    ///
    /// # Errors
    /// [`TokenError::Store`].
    pub fn purge(&self) -> Result<u64, TokenError> {
        let before_ms = self.now_ms().saturating_sub(RETENTION_MS);
        // Most ticks find nothing, and then do not wait for the writer.
        if self
            .store
            .query(ANY_OVER, &[before_ms.into()])?
            .first()
            .is_none()
        {
            return Ok(0);
        }
        let transaction = self.store.begin()?;
        let over = [before_ms.into(), DELETIONS_PER_TICK.into()];
        transaction.execute(DELETE_ROTATIONS, &over)?;
        let count = transaction.execute(DELETE_OVER, &over)?;
        transaction.commit_later()?;
        Ok(count)
    }
}
