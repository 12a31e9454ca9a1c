//! The outbox of sessions that the token service must end.

use super::DELIVERIES_PER_TICK;
use crate::env::{Env, Issuer};
use crate::error::AuthError;
use crate::service::AuthService;
use strongroom_sdk::store::{Reader, Row, Store, StoreError, Transaction, Value};
use uuid::Uuid;

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
    pub(super) fn deliver_ended_sessions(&self) -> Result<usize, AuthError> {
        self.deliver_sessions(SELECT_OLDEST, DELIVERIES_PER_TICK.into())
    }

    pub(super) fn deliver_ended_sessions_of(&self, subject: Uuid) -> Result<usize, AuthError> {
        self.deliver_sessions(SELECT_OF_SUBJECT, subject.into())
    }

    fn deliver_sessions(&self, select: &str, parameter: Value) -> Result<usize, AuthError> {
        let rows = self.store.query(select, &[parameter])?;
        let mut count = 0;
        for row in rows {
            self.end_sessions(&EndedSessions::from_row(&row)?)?;
            count += 1;
        }
        Ok(count)
    }

    fn end_sessions(&self, ended: &EndedSessions) -> Result<(), AuthError> {
        self.issuer
            .end_user_sessions(ended.subject, ended.security_version_min, ended.except)?;
        let transaction = self.store.begin()?;
        transaction.execute(DELETE, &[ended.id.into()])?;
        // A crash may undo the deletion, which costs one more delivery.
        transaction.commit_later()?;
        Ok(())
    }
}
