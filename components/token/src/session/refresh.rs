//! A client exchanges a refresh token for the next one (RFC 6749 section 6).
//!
//! The service signs the access token from a snapshot, *before* the transaction that rotates, and
//! the transaction checks that the snapshot still holds. In the other order, a session could end
//! between the commit and the signing. Its new token would be younger than its revocation, which
//! the host forgets after the lifetime of a token.

use super::token_state::TokenState;
use super::{EndReason, Session, Tokens};
use crate::access_token;
use crate::env::Env;
use crate::error::TokenError;
use crate::oauth;
use crate::refresh_token::RefreshToken;
use crate::service::TokenService;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// How often to read a snapshot. Only a new security version in the same instant makes one
/// outdated.
const ATTEMPTS: usize = 3;

/// Why a refresh token was not exchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// `invalid_grant` of RFC 6749 section 5.2. The client does not learn the reason.
    #[error("the refresh token is not valid")]
    InvalidGrant,
    /// The service failed, and the client may try again.
    #[error(transparent)]
    Failed(#[from] TokenError),
}

impl From<StoreError> for RefreshError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl<E: Env> TokenService<E> {
    /// Exchanges a refresh token. The current token is rotated. An earlier one gets the newest one
    /// within ten seconds of its own rotation; after that it ends the session.
    pub fn refresh(&self, text: &str) -> Result<Tokens, RefreshError> {
        let token = RefreshToken::parse(text).ok_or(RefreshError::InvalidGrant)?;
        for _ in 0..ATTEMPTS {
            let snapshot =
                Session::find_by_token(&token, &self.store)?.ok_or(RefreshError::InvalidGrant)?;
            if let Some(tokens) = self.exchange(&token, &snapshot)? {
                return Ok(tokens);
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Exchanges `token` of the session in `snapshot`; none if the snapshot is outdated.
    fn exchange(
        &self,
        token: &RefreshToken,
        snapshot: &Session,
    ) -> Result<Option<Tokens>, RefreshError> {
        let now_ms = self.now_ms();
        self.require_valid(snapshot.state_of(token, &self.settings, now_ms), snapshot)?;
        let grant = snapshot.grant();
        let access_token =
            access_token::sign::<E::Keys>(&grant, self.new_id(), now_ms, &self.random)?;

        let transaction = self.store.begin()?;
        let session =
            Session::find_by_token(token, &transaction)?.ok_or(RefreshError::InvalidGrant)?;
        let is_unchanged = session.grant() == grant;
        let state = session.state_of(token, &self.settings, now_ms);
        let rotations = match state {
            TokenState::Current => 1,
            TokenState::Repeated => session.refresh_counter.saturating_sub(token.counter()),
            TokenState::Reused | TokenState::Ended | TokenState::Worthless => 0,
        };
        let newest = token
            .descendant(&session.refresh_key, rotations)
            .ok_or(RefreshError::InvalidGrant)?;
        if is_unchanged && state == TokenState::Current {
            session.rotate(&transaction, newest.counter(), newest.hash(), now_ms)?;
        }
        // Commit even if nothing has changed: the rows may be of an earlier turn of the group, and
        // the commit waits until they are on disk. Otherwise a crash could undo a rotation whose
        // successor a client already has.
        transaction.commit()?;
        if !is_unchanged {
            return Ok(None);
        }
        self.require_valid(state, &session)?;
        Ok(Some(Tokens::new(session.id, access_token, &newest)))
    }

    /// Passes a token that the session honours, and ends the session of a reused one. The client
    /// gets the same error for every other token, and only when the gateway knows of the end.
    fn require_valid(&self, state: TokenState, session: &Session) -> Result<(), RefreshError> {
        match state {
            TokenState::Current | TokenState::Repeated => return Ok(()),
            TokenState::Reused => {
                eprintln!(
                    "refresh token reused: session {} of subject {} ends",
                    session.id, session.subject
                );
                self.end_owned(session.id, session.subject, EndReason::Reuse)?;
            }
            // The first attempt to end it may not have reached the gateway.
            TokenState::Ended => self.deliver_pending_of(session.id, session.subject)?,
            TokenState::Worthless => {}
        }
        Err(RefreshError::InvalidGrant)
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::InvalidGrant => oauth::refusal(
                "invalid_grant",
                "The refresh token is not valid, or its session is over. Log in again.",
            ),
            RefreshError::Failed(error) => error.into(),
        }
    }
}
