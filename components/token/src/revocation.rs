//! What the gateway must be told, kept until it knows.
//!
//! A revocation is committed in the same transaction as the end of its session, and leaves the outbox only after the host has it on
//! disk. A crash in between leaves the row, and the next start or tick delivers it again, which is harmless.

use crate::env::{Env, RevocationError, Revocations};
use crate::service::{TokenError, TokenService};
use crate::session::Session;
use strongroom_sdk::store::{Row, Store, StoreError, Transaction, Value};
use uuid::Uuid;

/// How many revocations one tick delivers: each may cost the host an fsync.
const DELIVERIES_PER_TICK: i64 = 100;

const INSERT: &str = "INSERT INTO revocation_outbox
    (id, session, subject, security_version_min, except_session, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const SELECT_OLDEST: &str = "SELECT id, session, subject, security_version_min, except_session
    FROM revocation_outbox ORDER BY id LIMIT ?1";

const SELECT_OF_SESSION: &str = "SELECT id, session, subject, security_version_min, except_session
    FROM revocation_outbox WHERE session = ?1 OR subject = ?2 ORDER BY id";

const DELETE: &str = "DELETE FROM revocation_outbox WHERE id = ?1";

/// Tokens that must stop working at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revocation {
    /// Those of one session.
    Session(Uuid),
    /// Those of a subject with an older security version, but for one session's.
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

    fn tell(&self, host: &impl Revocations) -> Result<(), RevocationError> {
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
    /// Tells the host, and then forgets. That the row is forgotten late, or after a crash not at all, costs one more delivery.
    pub(crate) fn deliver(&self, id: Uuid, revocation: &Revocation) -> Result<(), TokenError> {
        revocation.tell(&self.revocations)?;
        let transaction = self.store.begin()?;
        transaction.execute(DELETE, &[id.into()])?;
        transaction.commit_later()?;
        Ok(())
    }

    /// Delivers what is still in the outbox, oldest first, and answers how many that were. For `start` and `tick`.
    ///
    /// # Errors
    /// The first failure; what is left is tried again at the next call.
    pub fn deliver_pending(&self) -> Result<usize, TokenError> {
        self.deliver_all(SELECT_OLDEST, &[DELIVERIES_PER_TICK.into()])
    }

    /// Delivers now what the outbox still has of a session that has ended: when this returns, the
    /// gateway knows of its end.
    ///
    /// # Errors
    /// As [`TokenService::deliver_pending`].
    pub(crate) fn deliver_pending_of(&self, session: &Session) -> Result<(), TokenError> {
        self.deliver_all(
            SELECT_OF_SESSION,
            &[session.id.into(), session.subject.into()],
        )?;
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
