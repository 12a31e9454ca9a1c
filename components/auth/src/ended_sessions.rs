//! The outbox of sessions that the token service must end.
//!
//! A row is committed with the change that makes the sessions wrong, and leaves when the token
//! service has ended them. A crash in between leaves the row, and the next start or tick delivers
//! it again, which is harmless. The client gets a success only when the row has left: until then,
//! the tokens of those sessions may still work.

use crate::env::{Env, Issuer};
use crate::error::AuthError;
use crate::service::AuthService;
use strongroom_sdk::store::{Row, Store, StoreError, Transaction, Value};
use uuid::Uuid;

/// One tick delivers at most so many rows: each costs the token service an fsync.
const DELIVERIES_PER_TICK: i64 = 100;

const INSERT: &str = "INSERT INTO ended_sessions_outbox
    (id, subject, security_version_min, except_session, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";

const SELECT_OLDEST: &str = "SELECT id, subject, security_version_min, except_session
    FROM ended_sessions_outbox ORDER BY id LIMIT ?1";

const SELECT_OF_SUBJECT: &str = "SELECT id, subject, security_version_min, except_session
    FROM ended_sessions_outbox WHERE subject = ?1 ORDER BY id";

const DELETE: &str = "DELETE FROM ended_sessions_outbox WHERE id = ?1";

/// The sessions of a user with an older security version, except one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndedSessions {
    pub(crate) id: Uuid,
    pub(crate) subject: Uuid,
    pub(crate) security_version_min: i64,
    pub(crate) except: Option<Uuid>,
}

impl EndedSessions {
    pub(crate) fn insert(
        &self,
        now_ms: i64,
        transaction: &impl Transaction,
    ) -> Result<(), StoreError> {
        transaction.execute(
            INSERT,
            &[
                self.id.into(),
                self.subject.into(),
                self.security_version_min.into(),
                self.except.into(),
                now_ms.into(),
            ],
        )?;
        Ok(())
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.uuid(0)?,
            subject: row.uuid(1)?,
            security_version_min: row.integer(2)?,
            except: row.optional(3, Row::uuid)?,
        })
    }
}

impl<E: Env> AuthService<E> {
    /// Delivers what is in the outbox, oldest first, and returns how many rows it delivered. For
    /// `start` and `tick`.
    ///
    /// # Errors
    /// The first failure. The next call tries the rest again.
    pub fn deliver_pending(&self) -> Result<usize, AuthError> {
        self.deliver_all(SELECT_OLDEST, DELIVERIES_PER_TICK.into())
    }

    /// Delivers what the outbox has of a user, also of earlier changes. So a client that retries a
    /// change gets a success only when the old tokens have stopped working.
    ///
    /// # Errors
    /// [`AuthError::NotInForce`]: the change is stored, and the next tick tries again.
    pub(crate) fn end_old_sessions(&self, subject: Uuid) -> Result<(), AuthError> {
        match self.deliver_all(SELECT_OF_SUBJECT, subject.into()) {
            Ok(_) => Ok(()),
            Err(error) => {
                eprintln!("the sessions of {subject} end at the next tick: {error}");
                Err(AuthError::NotInForce)
            }
        }
    }

    fn deliver_all(&self, select: &str, parameter: Value) -> Result<usize, AuthError> {
        let rows = self.store.query(select, &[parameter])?;
        let mut count = 0;
        for row in rows {
            self.deliver(&EndedSessions::from_row(&row)?)?;
            count += 1;
        }
        Ok(count)
    }

    fn deliver(&self, ended: &EndedSessions) -> Result<(), AuthError> {
        self.issuer
            .end_user_sessions(ended.subject, ended.security_version_min, ended.except)?;
        let transaction = self.store.begin()?;
        transaction.execute(DELETE, &[ended.id.into()])?;
        // A crash may undo the deletion, which costs one more delivery.
        transaction.commit_later()?;
        Ok(())
    }
}
