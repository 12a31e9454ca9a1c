//! The outbox of revocations for the gateway.
//!
//! A revocation is committed in the transaction that ends its session, and leaves the outbox when
//! the host has it on disk. A crash in between leaves the row, and the next start or tick delivers
//! it again, which is harmless.

use crate::env::{Env, Revocations};
use crate::error::TokenError;
use crate::service::TokenService;
use strongroom_sdk::store::{Reader, Row, Store, StoreError, Transaction, Value};
use uuid::Uuid;

/// One tick delivers at most so many revocations: each may cost the host an fsync.
const DELIVERIES_PER_TICK: i64 = 100;

const INSERT: &str = "INSERT INTO revocation_outbox
    (id, session, subject, security_version_min, except_session, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const SELECT_OLDEST: &str = "SELECT id, session, subject, security_version_min, except_session
    FROM revocation_outbox ORDER BY id LIMIT ?1";

const SELECT_OF_SESSION: &str = "SELECT id, session, subject, security_version_min, except_session
    FROM revocation_outbox WHERE session = ?1 OR subject = ?2 ORDER BY id";

const DELETE: &str = "DELETE FROM revocation_outbox WHERE id = ?1";

/// Tokens that must stop working at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revocation {
    /// The tokens of one session.
    Session(Uuid),
    /// The tokens of a subject with an older security version, except those of one session.
    Subject {
        subject: Uuid,
        security_version_min: i64,
        except: Option<Uuid>,
    },
}

impl Revocation {
    pub(crate) fn insert(
        &self,
        id: Uuid,
        now_ms: i64,
        transaction: &impl Transaction,
    ) -> Result<(), StoreError> {
        let (session, subject, version, except) = match *self {
            Self::Session(session) => (Some(session), None, None, None),
            Self::Subject {
                subject,
                security_version_min,
                except,
            } => (None, Some(subject), Some(security_version_min), except),
        };
        transaction.execute(
            INSERT,
            &[
                id.into(),
                session.into(),
                subject.into(),
                version.into(),
                except.into(),
                now_ms.into(),
            ],
        )?;
        Ok(())
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        match row.optional(1, Row::uuid)? {
            Some(session) => Ok(Self::Session(session)),
            None => Ok(Self::Subject {
                subject: row.uuid(2)?,
                security_version_min: row.integer(3)?,
                except: row.optional(4, Row::uuid)?,
            }),
        }
    }

    fn send(&self, host: &impl Revocations) -> Result<(), TokenError> {
        match *self {
            Self::Session(session) => host.revoke_session(session),
            Self::Subject {
                subject,
                security_version_min,
                except,
            } => host.revoke_subject(subject, security_version_min, except),
        }
    }
}

impl<E: Env> TokenService<E> {
    /// Sends a revocation to the host, and then deletes its row. A crash may undo the deletion,
    /// which costs one more delivery.
    pub(crate) fn deliver(&self, id: Uuid, revocation: &Revocation) -> Result<(), TokenError> {
        revocation.send(&self.revocations)?;
        let transaction = self.store.begin()?;
        transaction.execute(DELETE, &[id.into()])?;
        transaction.commit_later()?;
        Ok(())
    }

    /// Delivers what is in the outbox, oldest first, and returns how many rows it delivered. For
    /// `start` and `tick`.
    ///
    /// # Errors
    /// The first failure. The next call tries the rest again.
    pub fn deliver_pending(&self) -> Result<usize, TokenError> {
        self.deliver_all(SELECT_OLDEST, &[DELIVERIES_PER_TICK.into()])
    }

    /// Delivers what the outbox has of a session that has ended: when this returns, the gateway
    /// knows of the end.
    ///
    /// # Errors
    /// As [`TokenService::deliver_pending`].
    pub(crate) fn deliver_pending_of(
        &self,
        session: Uuid,
        subject: Uuid,
    ) -> Result<(), TokenError> {
        self.deliver_all(SELECT_OF_SESSION, &[session.into(), subject.into()])?;
        Ok(())
    }

    fn deliver_all(&self, select: &str, params: &[Value]) -> Result<usize, TokenError> {
        let rows = self.store.query(select, params)?;
        let mut count = 0;
        for row in rows {
            self.deliver(row.uuid(0)?, &Revocation::from_row(&row)?)?;
            count += 1;
        }
        Ok(count)
    }
}
