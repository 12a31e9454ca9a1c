//! Old sessions leave the store.

use crate::env::Env;
use crate::error::TokenError;
use crate::service::TokenService;
use strongroom_sdk::store::purge;

/// A session stays for so long after its absolute end, so that staff can look into it.
const RETENTION_MS: i64 = 7 * 24 * 3_600_000;

/// One tick deletes at most so many sessions, so that the writer is soon free again.
const DELETIONS_PER_TICK: i64 = 500;

const OVER: &str = "SELECT id FROM session WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2";

impl<E: Env> TokenService<E> {
    /// Deletes old sessions, with their rotations. For `tick`.
    pub fn purge(&self) -> Result<(), TokenError> {
        let before_ms = self.now_ms().saturating_sub(RETENTION_MS);
        let params = [before_ms.into(), DELETIONS_PER_TICK.into()];
        // A rotation never stays without its session: it leaves first.
        purge(&self.store, "rotation", "session", OVER, &params)?;
        Ok(purge(&self.store, "session", "id", OVER, &params)?)
    }
}
