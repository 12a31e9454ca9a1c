//! A session begins.

use super::{Session, Tokens};
use crate::access_token;
use crate::env::Env;
use crate::error::TokenError;
use crate::refresh_token::RefreshToken;
use crate::service::TokenService;
use strongroom_sdk::identity::Role;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, StoreError, Transaction};
use uuid::Uuid;

/// What a session begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The user's id.
    pub subject: Uuid,
    pub role: Role,
    /// Space-separated scopes; may be empty.
    pub scope: String,
    /// The user's security version, which grows when all older tokens must end.
    pub security_version: i64,
}

/// A floor that was set before a restoration does not belong to the restored users.
const SELECT_FLOOR: &str = "SELECT security_version_min FROM subject_floor
    WHERE subject = ?1 AND set_at > ?2";

impl<E: Env> TokenService<E> {
    /// Begins a session.
    ///
    /// # Errors
    /// [`TokenError::Superseded`] where sessions of a later security version have been ended.
    pub fn issue(&self, new: &NewSession, user_agent: Option<&str>) -> Result<Tokens, TokenError> {
        let now_ms = self.now_ms();
        let (session, refresh_token) = self.new_session(new, now_ms)?;
        // Sign before the commit: the end of the session is then later than the `iat` of its
        // tokens; see `refresh`.
        let access_token =
            access_token::sign::<E::Keys>(&session.grant(), self.new_id(), now_ms, &self.random)?;

        let transaction = self.store.begin()?;
        if new.security_version < self.floor(&transaction, new.subject)? {
            // The floor may be of an earlier turn of the group. The commit waits until it is on
            // disk.
            transaction.commit()?;
            return Err(TokenError::Superseded);
        }
        session.insert(&transaction, user_agent)?;
        transaction.commit()?;

        Ok(Tokens::new(session.id, access_token, &refresh_token))
    }

    fn floor(&self, transaction: &impl Transaction, subject: Uuid) -> Result<i64, StoreError> {
        let restored_at_ms = self.settings.restored_at_ms.unwrap_or(i64::MIN);
        let parameters = [subject.into(), restored_at_ms.into()];
        let floor = transaction.query(SELECT_FLOOR, &parameters)?;
        Ok(floor.one(|row| row.integer(0))?.unwrap_or(i64::MIN))
    }

    fn new_session(
        &self,
        new: &NewSession,
        now_ms: i64,
    ) -> Result<(Session, RefreshToken), TokenError> {
        let expires_at_ms = now_ms
            .checked_add(self.settings.session_absolute_ms)
            .ok_or_else(|| TokenError::Invalid("the time of the clock is too late".to_owned()))?;
        let mut refresh_key = [0; 32];
        self.random.fill(&mut refresh_key);
        let mut secret = [0; 32];
        self.random.fill(&mut secret);
        let id = self.new_id();
        let refresh_token = RefreshToken::first(id, &refresh_key, secret);
        let session = Session {
            id,
            subject: new.subject,
            role: new.role.as_str().to_owned(),
            scope: new.scope.clone(),
            security_version: new.security_version,
            created_at_ms: now_ms,
            last_used_at_ms: now_ms,
            expires_at_ms,
            ended: false,
            refresh_key,
            refresh_counter: refresh_token.counter(),
            refresh_hash: refresh_token.hash(),
            rotated_at_ms: None,
        };
        Ok((session, refresh_token))
    }
}
