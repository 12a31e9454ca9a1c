//! Sessions end before their time.

use crate::env::Env;
use crate::revocation::Revocation;
use crate::service::{TokenError, TokenService};
use crate::session::{EndReason, Session};
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};
use uuid::Uuid;

const END_OF_SUBJECT: &str = "UPDATE session SET ended_at = ?4, end_reason = ?5
    WHERE subject = ?1 AND ended_at IS NULL AND security_version < ?2 AND id IS NOT ?3";

const RAISE_EXCEPTED: &str = "UPDATE session SET security_version = ?2
    WHERE id = ?3 AND subject = ?1 AND ended_at IS NULL AND security_version < ?2";

const RAISE_FLOOR: &str = "INSERT INTO subject_floor (subject, security_version_min) VALUES (?1, ?2)
    ON CONFLICT (subject) DO UPDATE SET security_version_min = max(security_version_min, excluded.security_version_min)";

impl<E: Env> TokenService<E> {
    /// Ends a session of `subject`: when this returns, its tokens no longer work, and never will. A session that is unknown, or
    /// somebody else's, is no error, and nothing happens to it.
    ///
    /// # Errors
    /// [`TokenError::Revocation`] where the session has ended but the gateway does not know yet.
    pub fn end_session(&self, id: Uuid, subject: Uuid) -> Result<(), TokenError> {
        self.end_owned(id, subject, EndReason::Logout)
    }

    pub(crate) fn end_owned(
        &self,
        id: Uuid,
        subject: Uuid,
        reason: EndReason,
    ) -> Result<(), TokenError> {
        // Without this, anyone could make the gateway revoke a stranger's session by its id.
        let session = Session::find(id, |sql, params| self.store.query(sql, params))?;
        let Some(session) = session.filter(|session| session.subject == subject) else {
            return Ok(());
        };
        // Anyone may repeat a revocation (RFC 7009), and it shall not cost a commit each time.
        if session.ended {
            return self.deliver_pending_of(&session);
        }
        self.end(&Revocation::Session(id), |transaction, now_ms| {
            Session::end(id, subject, reason, now_ms, transaction)
        })?;
        Ok(())
    }

    /// Ends the sessions of `subject` that began with a security version below `security_version_min`, but for `except`, which goes
    /// on with the new version. From now on [`TokenService::issue`] refuses older versions. Answers how many ended.
    ///
    /// # Errors
    /// [`TokenError::Revocation`] where the sessions have ended but the gateway does not know yet.
    pub fn end_user_sessions(
        &self,
        subject: Uuid,
        security_version_min: i64,
        except: Option<Uuid>,
    ) -> Result<u64, TokenError> {
        let revocation = Revocation::Subject {
            subject,
            security_version_min,
            except,
        };
        self.end(&revocation, |transaction, now_ms| {
            let subject = Value::from(subject);
            let version = Value::from(security_version_min);
            let except = Value::from(except);
            let reason = Value::from(EndReason::Superseded);
            transaction.execute(RAISE_FLOOR, &[subject.clone(), version.clone()])?;
            transaction.execute(
                RAISE_EXCEPTED,
                &[subject.clone(), version.clone(), except.clone()],
            )?;
            transaction.execute(
                END_OF_SUBJECT,
                &[subject, version, except, now_ms.into(), reason],
            )
        })
    }

    /// Commits what `change` does together with the revocation that follows from it, and then tells the gateway.
    pub(crate) fn end(
        &self,
        revocation: &Revocation,
        change: impl FnOnce(&<E::Store as Store>::Transaction, i64) -> Result<u64, StoreError>,
    ) -> Result<u64, TokenError> {
        let now_ms = self.now_ms();
        let outbox_id = self.new_id();
        let transaction = self.store.begin()?;
        let count = change(&transaction, now_ms)?;
        revocation.insert(outbox_id, now_ms, &transaction)?;
        transaction.commit()?;
        self.deliver(outbox_id, revocation)?;
        Ok(count)
    }
}
