//! A session begins.

use crate::access_token;
use crate::env::Env;
use crate::refresh_token::RefreshToken;
use crate::service::{TokenError, TokenService, Tokens};
use crate::session::Session;
use strongroom_sdk::identity::Role;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, StoreError, Transaction};
use uuid::Uuid;

/// On whose behalf a session begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The user's id.
    pub id: Uuid,
    /// The user's role.
    pub role: Role,
    /// Space-separated scopes; may be empty.
    pub scope: String,
    /// Grows when all older tokens must end.
    pub security_version: i64,
}

const SELECT_FLOOR: &str = "SELECT security_version_min FROM subject_floor WHERE subject = ?1";

impl<E: Env> TokenService<E> {
    /// Begins a session.
    ///
    /// # Errors
    /// [`TokenError::Superseded`] where the subject's sessions of this security version were ended meanwhile.
    pub fn issue(&self, subject: &Subject, user_agent: Option<&str>) -> Result<Tokens, TokenError> {
        let now_ms = self.now_ms();
        let (session, refresh_token) = self.new_session(subject, now_ms)?;
        // Signed before the commit, so that what ends the session is always later than its tokens' `iat`; see `refresh`.
        let access_token =
            access_token::sign::<E::Keys>(&session, self.new_id(), now_ms, &self.random)?;

        let transaction = self.store.begin()?;
        if subject.security_version < floor(&transaction, subject.id)? {
            // The floor may be of an earlier turn of the group: the commit waits until it is on disk.
            transaction.commit()?;
            return Err(TokenError::Superseded);
        }
        session.insert(&transaction, user_agent)?;
        transaction.commit()?;

        Ok(Tokens {
            session: session.id,
            access_token: access_token.text,
            expires_in: access_token.lifetime_seconds,
            refresh_token: refresh_token.to_text(),
        })
    }

    fn new_session(
        &self,
        subject: &Subject,
        now_ms: i64,
    ) -> Result<(Session, RefreshToken), TokenError> {
        let expires_at_ms = now_ms
            .checked_add(self.settings.session_absolute_ms)
            .ok_or_else(|| TokenError::Invalid("the clock is beyond all time".to_owned()))?;
        let mut refresh_key = [0; 32];
        self.random.fill(&mut refresh_key);
        let mut secret = [0; 32];
        self.random.fill(&mut secret);
        let id = self.new_id();
        let refresh_token = RefreshToken::first(id, &refresh_key, secret);
        let session = Session {
            id,
            subject: subject.id,
            role: subject.role.as_str().to_owned(),
            scope: subject.scope.clone(),
            security_version: subject.security_version,
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

fn floor(transaction: &impl Transaction, subject: Uuid) -> Result<i64, StoreError> {
    match transaction.query(SELECT_FLOOR, &[subject.into()])?.first() {
        Some(row) => row.integer(0),
        None => Ok(i64::MIN),
    }
}
