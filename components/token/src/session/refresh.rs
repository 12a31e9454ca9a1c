//! A refresh token is exchanged for the next one (RFC 6749 section 6).
//!
//! The access token is signed *before* the transaction that rotates, from a snapshot, and the transaction then checks that the
//! snapshot still holds. The other way round, a session could end between the commit and the signing, and the token would have been
//! made after its own revocation, which the host forgets one token lifetime later.

use crate::access_token;
use crate::env::Env;
use crate::oauth;
use crate::refresh_token::RefreshToken;
use crate::service::{TokenError, TokenService, Tokens};
use crate::session::{EndReason, Session, Standing};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// A snapshot that does not hold is read again this often: only a new security version in the same instant makes it so.
const ATTEMPTS: usize = 3;

/// Why a refresh token was not exchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// `invalid_grant` of RFC 6749 section 5.2. The client never learns why.
    #[error("the refresh token is not valid")]
    InvalidGrant,
    /// Nothing was exchanged; worth a retry.
    #[error(transparent)]
    Failed(#[from] TokenError),
}

impl From<StoreError> for RefreshError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl<E: Env> TokenService<E> {
    /// Exchanges a refresh token. The current one is rotated. An earlier one gets the newest one
    /// within ten seconds of its own rotation; after that it ends the session.
    ///
    /// # Errors
    /// [`RefreshError`].
    pub fn refresh(&self, text: &str) -> Result<Tokens, RefreshError> {
        let token = RefreshToken::parse(text).ok_or(RefreshError::InvalidGrant)?;
        for _ in 0..ATTEMPTS {
            let snapshot =
                Session::find_by_token(&token, |sql, params| self.store.query(sql, params))?
                    .ok_or(RefreshError::InvalidGrant)?;
            if let Some(tokens) = self.exchange(&token, &snapshot)? {
                return Ok(tokens);
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Exchanges `token` of the session that `snapshot` shows; none if the session is no longer as it shows.
    fn exchange(
        &self,
        token: &RefreshToken,
        snapshot: &Session,
    ) -> Result<Option<Tokens>, RefreshError> {
        let now_ms = self.now_ms();
        match snapshot.standing(token, &self.settings, now_ms) {
            Standing::Current | Standing::Repeated => {}
            Standing::Reused => return Err(self.end_for_reuse(snapshot)),
            Standing::Ended => return Err(self.refuse_ended(snapshot)),
            Standing::Worthless => return Err(RefreshError::InvalidGrant),
        }
        let access_token =
            access_token::sign::<E::Keys>(snapshot, self.new_id(), now_ms, &self.random)
                .map_err(TokenError::from)?;

        let transaction = self.store.begin()?;
        let session = Session::find_by_token(token, |sql, params| transaction.query(sql, params))?
            .ok_or(RefreshError::InvalidGrant)?;
        let is_as_shown = session.grants_the_same_as(snapshot);
        let standing = session.standing(token, &self.settings, now_ms);
        let rotations = match standing {
            Standing::Current => 1,
            Standing::Repeated => session.refresh_counter.saturating_sub(token.counter()),
            Standing::Reused | Standing::Ended | Standing::Worthless => 0,
        };
        let newest = token
            .descendant(&session.refresh_key, rotations)
            .ok_or(RefreshError::InvalidGrant)?;
        if is_as_shown && standing == Standing::Current {
            session.rotate(&transaction, newest.counter(), newest.hash(), now_ms)?;
        }
        // Also where nothing was changed: what the answer rests on may be of an earlier turn of the group, and the commit waits until
        // it is on disk. Else a crash could forget the rotation whose repetition was answered.
        transaction.commit()?;
        match standing {
            _ if !is_as_shown => return Ok(None),
            Standing::Current | Standing::Repeated => {}
            Standing::Reused => return Err(self.end_for_reuse(&session)),
            Standing::Ended => return Err(self.refuse_ended(&session)),
            Standing::Worthless => return Err(RefreshError::InvalidGrant),
        }
        Ok(Some(Tokens {
            session: session.id,
            access_token: access_token.text,
            expires_in: access_token.lifetime_seconds,
            refresh_token: newest.to_text(),
        }))
    }

    /// Ends the session. The client learns no more than from any bad token, and only when the
    /// gateway knows of the end.
    fn end_for_reuse(&self, session: &Session) -> RefreshError {
        eprintln!(
            "refresh token reused: session {} of subject {} ends",
            session.id, session.subject
        );
        match self.end_owned(session.id, session.subject, EndReason::Reuse) {
            Ok(()) => RefreshError::InvalidGrant,
            Err(error) => RefreshError::Failed(error),
        }
    }

    /// The same for a session that has ended before: a retry of a reuse that the gateway could not
    /// be told of gets here.
    fn refuse_ended(&self, session: &Session) -> RefreshError {
        match self.deliver_pending_of(session) {
            Ok(()) => RefreshError::InvalidGrant,
            Err(error) => RefreshError::Failed(error),
        }
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
