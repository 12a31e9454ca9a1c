//! The invariants that this service's store must keep by itself.

use crate::env::Env;
use crate::error::TokenError;
use crate::service::TokenService;
use strongroom_sdk::audit::{Check, Report};
use strongroom_sdk::store::Reader;
use uuid::Uuid;

const SESSIONS: &str = "SELECT count(*) FROM session";

const ROTATIONS: &str = "SELECT count(*) FROM rotation";

/// Sessions whose times contradict each other. A clock that was set back may make a use earlier
/// than the beginning, and no end earlier.
const OUT_OF_TIME: &str = "\
SELECT id FROM session
WHERE expires_at <= created_at OR (ended_at IS NULL) <> (end_reason IS NULL)
ORDER BY id LIMIT 20";

/// Rotated tokens of no session, or that their session has not issued yet.
const STRAY: &str = "\
SELECT rotation.session, rotation.counter
FROM rotation LEFT JOIN session ON session.id = rotation.session
WHERE session.id IS NULL OR rotation.counter >= session.refresh_counter
ORDER BY rotation.session, rotation.counter LIMIT 20";

impl<E: Env> TokenService<E> {
    /// Checks every invariant. For `strongroom verify`.
    ///
    /// # Errors
    /// [`TokenError::Store`]. A broken row that can be read is no error but a violation in the
    /// report.
    pub fn check_invariants(&self) -> Result<Report, TokenError> {
        let mut report = Report::default();
        report.checks.push(self.check_sessions()?);
        report.checks.push(self.check_rotations()?);
        Ok(report)
    }

    fn check_sessions(&self) -> Result<Check, TokenError> {
        let mut check = Check::new("each session has an end after its beginning");
        check.examined = self.store.query(SESSIONS, &[])?.number()?.unsigned_abs();
        for row in self.store.query(OUT_OF_TIME, &[])? {
            let id: Uuid = row.uuid(0)?;
            check.violation(format!("session {id}: its times contradict each other"));
        }
        Ok(check)
    }

    fn check_rotations(&self) -> Result<Check, TokenError> {
        let mut check = Check::new("each rotated refresh token is an earlier one of its session");
        check.examined = self.store.query(ROTATIONS, &[])?.number()?.unsigned_abs();
        for row in self.store.query(STRAY, &[])? {
            let (session, counter) = (row.uuid(0)?, row.integer(1)?);
            check.violation(format!(
                "rotation {counter} of session {session}: the session has issued no later token"
            ));
        }
        Ok(check)
    }
}
