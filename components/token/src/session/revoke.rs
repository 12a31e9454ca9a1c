//! A client revokes a token (RFC 7009).

use super::{EndReason, Session};
use crate::access_token::Claims;
use crate::env::Env;
use crate::error::TokenError;
use crate::refresh_token::RefreshToken;
use crate::service::TokenService;

impl<E: Env> TokenService<E> {
    /// Ends the session of an access or a refresh token. Any token that the session ever made will
    /// do. A token that is unknown, expired, or invented is no error (RFC 7009 section 2.2).
    pub fn revoke(&self, text: &str) -> Result<(), TokenError> {
        if let Some(token) = RefreshToken::parse(text) {
            let session = Session::find(token.session(), &self.store)?;
            return match session {
                Some(session) if token.is_authentic(&session.refresh_key) => {
                    self.end_owned(session.id, session.subject, EndReason::Revoked)
                }
                _ => Ok(()),
            };
        }
        match Claims::read::<E::Keys>(text) {
            Some(token) => self.end_owned(token.sid, token.sub, EndReason::Revoked),
            None => Ok(()),
        }
    }
}
