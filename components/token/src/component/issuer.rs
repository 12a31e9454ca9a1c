//! The export `strongroom:token/issuer`.

use super::bindings::exports::strongroom::token::issuer::{Error, Guest, Subject, Tokens};
use super::{Component, service};
use crate::{NewSession, TokenError};
use strongroom_sdk::store::StoreError;
use uuid::Uuid;

impl Guest for Component {
    fn issue(subject: Subject, user_agent: Option<String>) -> Result<Tokens, Error> {
        let new = NewSession {
            subject: uuid("subject.id", &subject.id)?,
            role: subject
                .role
                .parse()
                .map_err(|error| Error::Invalid(format!("subject.role {error}")))?,
            scope: subject.scope,
            security_version: version(subject.security_version)?,
        };
        let tokens = service().issue(&new, user_agent.as_deref())?;
        Ok(Tokens {
            session_id: tokens.session.to_string(),
            access_token: tokens.access_token,
            expires_in: tokens.expires_in,
            refresh_token: tokens.refresh_token,
        })
    }

    fn end_session(session_id: String, subject_id: String) -> Result<(), Error> {
        Ok(service().end_session(
            uuid("session-id", &session_id)?,
            uuid("subject-id", &subject_id)?,
        )?)
    }

    fn end_user_sessions(
        subject_id: String,
        security_version_min: u64,
        except: Option<String>,
    ) -> Result<u32, Error> {
        let except = except.map(|session| uuid("except", &session)).transpose()?;
        let count = service().end_user_sessions(
            uuid("subject-id", &subject_id)?,
            version(security_version_min)?,
            except,
        )?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

fn uuid(name: &str, text: &str) -> Result<Uuid, Error> {
    text.parse()
        .map_err(|_| Error::Invalid(format!("{name} is not a UUID")))
}

fn version(version: u64) -> Result<i64, Error> {
    i64::try_from(version)
        .map_err(|_| Error::Invalid("the security version is above 2^63".to_owned()))
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid(reason) => Self::Invalid(reason),
            TokenError::Superseded => Self::Superseded,
            TokenError::Store(StoreError::Clock) => Self::Clock,
            TokenError::Store(_) | TokenError::Sign(_) | TokenError::Revocation(_) => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}
