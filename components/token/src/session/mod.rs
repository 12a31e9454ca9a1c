//! A session: one login of a user, as one row, and the operations on it.

mod end;
mod introspect;
mod issue;
mod purge;
mod refresh;
mod revoke;
mod token_state;
mod tokens;

pub use introspect::Introspection;
pub use issue::NewSession;
pub use refresh::RefreshError;
pub use tokens::Tokens;

use crate::access_token::Grant;
use crate::refresh_token::{RefreshToken, SessionKey};
use strongroom_sdk::store::{Reader, Row, StoreError, Transaction, Value};
use token_state::GRACE_MS;
use uuid::Uuid;

/// The store keeps so much of the user agent, in characters.
const USER_AGENT_LENGTH_MAX: usize = 256;

/// A row of the table `session`, without the time and the reason of its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) subject: Uuid,
    pub(crate) role: String,
    pub(crate) scope: String,
    pub(crate) security_version: i64,
    pub(crate) created_at_ms: i64,
    /// When the refresh token was last rotated, or when the session began.
    pub(crate) last_used_at_ms: i64,
    /// The session's absolute end, which no refresh moves.
    pub(crate) expires_at_ms: i64,
    pub(crate) ended: bool,
    pub(crate) refresh_key: SessionKey,
    pub(crate) refresh_counter: u32,
    /// SHA-256 of the secret of the current refresh token.
    pub(crate) refresh_hash: [u8; 32],
    /// When the token that found the session was rotated, if that was a short time ago.
    pub(crate) rotated_at_ms: Option<i64>,
}

/// Why a session ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// The user logged out.
    Logout,
    /// Its token was revoked (RFC 7009).
    Revoked,
    /// A client used an old refresh token: it, or its successor, is stolen.
    Reuse,
    /// The user's security version has grown: a new password, a new role, or a disabled account.
    Superseded,
}

impl EndReason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Revoked => "revoked",
            Self::Reuse => "reuse",
            Self::Superseded => "superseded",
        }
    }
}

impl From<EndReason> for Value {
    fn from(reason: EndReason) -> Self {
        reason.as_str().into()
    }
}

const INSERT: &str = "\
INSERT INTO session (id, subject, role, scope, security_version, user_agent, created_at,
    last_used_at, expires_at, refresh_key, refresh_counter, refresh_hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

const SELECT: &str = "\
SELECT id, subject, role, scope, security_version, created_at, last_used_at, expires_at,
    ended_at IS NOT NULL, refresh_key, refresh_counter, refresh_hash,
    (SELECT rotated_at FROM rotation WHERE session = ?1 AND counter = ?2)
FROM session WHERE id = ?1";

const ROTATE: &str = "\
UPDATE session SET refresh_counter = ?2, refresh_hash = ?3, last_used_at = ?4
WHERE id = ?1 AND ended_at IS NULL AND refresh_counter = ?2 - 1";

const REMEMBER_ROTATION: &str =
    "INSERT INTO rotation (session, counter, rotated_at) VALUES (?1, ?2 - 1, ?3)";

const FORGET_ROTATIONS: &str =
    "DELETE FROM rotation WHERE session = ?1 AND abs(rotated_at - ?2) > ?3";

const END: &str = "\
UPDATE session SET ended_at = ?3, end_reason = ?4
WHERE id = ?1 AND subject = ?2 AND ended_at IS NULL";

impl Session {
    pub(crate) fn insert(
        &self,
        transaction: &impl Transaction,
        user_agent: Option<&str>,
    ) -> Result<(), StoreError> {
        let user_agent =
            user_agent.map(|text| text.chars().take(USER_AGENT_LENGTH_MAX).collect::<String>());
        transaction.execute(
            INSERT,
            &[
                self.id.into(),
                self.subject.into(),
                self.role.as_str().into(),
                self.scope.as_str().into(),
                self.security_version.into(),
                user_agent.into(),
                self.created_at_ms.into(),
                self.last_used_at_ms.into(),
                self.expires_at_ms.into(),
                self.refresh_key.as_slice().into(),
                i64::from(self.refresh_counter).into(),
                self.refresh_hash.as_slice().into(),
            ],
        )?;
        Ok(())
    }

    pub(crate) fn find(id: Uuid, from: &impl Reader) -> Result<Option<Self>, StoreError> {
        Self::select(id, None, from)
    }

    /// The session that a token names, with what it takes to judge the token.
    pub(crate) fn find_by_token(
        token: &RefreshToken,
        from: &impl Reader,
    ) -> Result<Option<Self>, StoreError> {
        Self::select(token.session(), Some(i64::from(token.counter())), from)
    }

    fn select(
        id: Uuid,
        counter: Option<i64>,
        from: &impl Reader,
    ) -> Result<Option<Self>, StoreError> {
        from.query(SELECT, &[id.into(), counter.into()])?
            .one(Self::from_row)
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.uuid(0)?,
            subject: row.uuid(1)?,
            role: row.text(2)?,
            scope: row.text(3)?,
            security_version: row.integer(4)?,
            created_at_ms: row.integer(5)?,
            last_used_at_ms: row.integer(6)?,
            expires_at_ms: row.integer(7)?,
            ended: row.integer(8)? != 0,
            refresh_key: row.bytes32(9)?,
            refresh_counter: u32::try_from(row.integer(10)?)
                .map_err(|error| StoreError::Row(format!("column 10: {error}")))?,
            refresh_hash: row.bytes32(11)?,
            rotated_at_ms: row.optional(12, Row::integer)?,
        })
    }

    /// Replaces the current token by the one with this counter and hash.
    pub(crate) fn rotate(
        &self,
        transaction: &impl Transaction,
        counter: u32,
        hash: [u8; 32],
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let changed = transaction.execute(
            ROTATE,
            &[
                self.id.into(),
                i64::from(counter).into(),
                hash.as_slice().into(),
                now_ms.into(),
            ],
        )?;
        if changed != 1 {
            return Err(StoreError::Row(
                "the session has changed within the transaction".to_owned(),
            ));
        }
        transaction.execute(
            FORGET_ROTATIONS,
            &[self.id.into(), now_ms.into(), GRACE_MS.into()],
        )?;
        transaction.execute(
            REMEMBER_ROTATION,
            &[self.id.into(), i64::from(counter).into(), now_ms.into()],
        )?;
        Ok(())
    }

    /// Ends a session of `subject`. Returns 1, or 0 where it has ended before.
    pub(crate) fn end(
        id: Uuid,
        subject: Uuid,
        reason: EndReason,
        now_ms: i64,
        transaction: &impl Transaction,
    ) -> Result<u64, StoreError> {
        transaction.execute(
            END,
            &[id.into(), subject.into(), now_ms.into(), reason.into()],
        )
    }

    /// What an access token of the session says now.
    fn grant(&self) -> Grant {
        Grant {
            session: self.id,
            subject: self.subject,
            role: self.role.clone(),
            scope: self.scope.clone(),
            security_version: self.security_version,
            expires_at_ms: self.expires_at_ms,
        }
    }
}
