//! Sessions end early.

use super::{EndReason, Session};
use crate::env::Env;
use crate::error::TokenError;
use crate::revocation::Revocation;
use crate::service::TokenService;
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};
use uuid::Uuid;

const END_OF_SUBJECT: &str = "UPDATE session SET ended_at = ?4, end_reason = ?5
    WHERE subject = ?1 AND ended_at IS NULL AND security_version < ?2 AND id IS NOT ?3";

const RAISE_EXCEPTED: &str = "UPDATE session SET security_version = ?2
    WHERE id = ?3 AND subject = ?1 AND ended_at IS NULL AND security_version < ?2";

const RAISE_FLOOR: &str =
    "INSERT INTO subject_floor (subject, security_version_min, set_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (subject) DO UPDATE
    SET security_version_min = max(security_version_min, excluded.security_version_min),
        set_at = excluded.set_at";

impl<E: Env> TokenService<E> {
    /// Ends a session of `subject`: when this returns, its tokens no longer work. A session that is
    /// unknown, or that of another user, is no error and stays as it is.
    ///
    /// # Errors
    /// [`TokenError::Revocation`] where the session has ended but the gateway does not know it yet.
    pub fn end_session(&self, id: Uuid, subject: Uuid) -> Result<(), TokenError> {
        self.end_owned(id, subject, EndReason::Logout)
    }

    pub(super) fn end_owned(
        &self,
        id: Uuid,
        subject: Uuid,
        reason: EndReason,
    ) -> Result<(), TokenError> {
        // Without this, a caller could revoke another user's session by its id.
        let session = Session::find(id, &self.store)?;
        let Some(session) = session.filter(|session| session.subject == subject) else {
            return Ok(());
        };
        // Any client may repeat a revocation (RFC 7009). It does not cost a commit each time.
        if session.ended {
            return self.deliver_pending_of(id, subject);
        }
        self.end(&Revocation::Session(id), |transaction, now_ms| {
            Session::end(id, subject, reason, now_ms, transaction)
        })?;
        Ok(())
    }

    /// Ends the sessions of `subject` that began with a security version below
    /// `security_version_min`, and returns how many ended. The session `except` goes on with the
    /// new version. From now on [`TokenService::issue`] refuses older versions.
    ///
    /// # Errors
    /// [`TokenError::Revocation`] where the sessions have ended but the gateway does not know it
    /// yet.
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
            transaction.execute(
                RAISE_FLOOR,
                &[subject.clone(), version.clone(), now_ms.into()],
            )?;
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

    /// Commits `change` together with its revocation, and then delivers that to the gateway.
    fn end(
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
