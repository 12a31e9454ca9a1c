//! What the host gives to the service, and the link to the token service.

use super::bindings::strongroom::keys::api_keys;
use super::bindings::strongroom::service::compute;
use super::bindings::strongroom::token::issuer;
use crate::env::{Compute, Env, Gateway, GatewayError, Issuer, IssuerError};
use crate::key::ApiKey;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::identity::Role;
use strongroom_sdk::oauth::TokenResponse;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::HostStore;
use uuid::Uuid;

#[derive(Debug, Clone, Copy)]
pub(crate) struct HostEnv;

impl Env for HostEnv {
    type Store = HostStore;
    type Clock = SystemClock;
    type Random = SystemRandom;
    type Compute = HostCompute;
    type Issuer = TokenLink;
    type Gateway = HostKeys;
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct HostCompute;

impl Compute for HostCompute {
    type Permit = compute::Permit;

    fn acquire(&self, is_known: bool) -> Option<Self::Permit> {
        match is_known {
            true => compute::Permit::acquire_known(),
            false => compute::Permit::acquire(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenLink;

impl Issuer for TokenLink {
    fn issue(
        &self,
        subject: Uuid,
        role: Role,
        security_version: i64,
        user_agent: Option<&str>,
    ) -> Result<TokenResponse, IssuerError> {
        let subject = issuer::Subject {
            id: subject.to_string(),
            role: role.to_string(),
            scope: String::new(),
            security_version: unsigned(security_version),
        };
        let tokens = issuer::issue(&subject, user_agent)?;
        Ok(TokenResponse::new(
            tokens.access_token,
            tokens.expires_in,
            tokens.refresh_token,
        ))
    }

    fn end_session(&self, session: Uuid, subject: Uuid) -> Result<(), IssuerError> {
        Ok(issuer::end_session(
            &session.to_string(),
            &subject.to_string(),
        )?)
    }

    fn end_user_sessions(
        &self,
        subject: Uuid,
        security_version_min: i64,
        except: Option<Uuid>,
    ) -> Result<(), IssuerError> {
        let except = except.map(|session| session.to_string());
        issuer::end_user_sessions(
            &subject.to_string(),
            unsigned(security_version_min),
            except.as_deref(),
        )?;
        Ok(())
    }
}

/// Versions begin at 1 and grow.
fn unsigned(version: i64) -> u64 {
    u64::try_from(version).unwrap_or_default()
}

impl From<issuer::Error> for IssuerError {
    fn from(error: issuer::Error) -> Self {
        match error {
            issuer::Error::Superseded => Self::Superseded,
            issuer::Error::Clock => Self::Clock,
            issuer::Error::Invalid(reason) | issuer::Error::Unavailable(reason) => {
                Self::Unavailable(reason)
            }
        }
    }
}

/// The host's list of API keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostKeys;

impl Gateway for HostKeys {
    fn accept_key(&self, key: &ApiKey, hash: [u8; 32]) -> Result<(), GatewayError> {
        api_keys::put(&api_keys::Key {
            id: key.id.to_string(),
            hash: hash.to_vec(),
            client_id: key.client.to_string(),
            scopes: key.scopes.clone(),
            expires_at: key.expires_at_ms.map(i64::unsigned_abs),
        })?;
        Ok(())
    }

    fn revoke_key(&self, key: Uuid) -> Result<(), GatewayError> {
        Ok(api_keys::revoke(&key.to_string())?)
    }

    fn suspended(&self) -> Vec<Uuid> {
        let suspended = api_keys::suspended().into_iter();
        suspended.filter_map(|id| id.parse().ok()).collect()
    }

    fn confirm_key(&self, key: Uuid) -> Result<(), GatewayError> {
        Ok(api_keys::confirm(&key.to_string())?)
    }

    fn known_scopes(&self) -> Vec<String> {
        api_keys::known_scopes()
    }

    fn last_used(&self) -> Vec<(Uuid, i64)> {
        let used = api_keys::last_used().into_iter();
        used.filter_map(|(id, at_ms)| Some((id.parse().ok()?, i64::try_from(at_ms).ok()?)))
            .collect()
    }

    fn block_customer(&self, customer: Uuid) -> Result<(), GatewayError> {
        Ok(api_keys::block_customer(&customer.to_string())?)
    }

    fn unblock_customer(&self, customer: Uuid) -> Result<(), GatewayError> {
        Ok(api_keys::unblock_customer(&customer.to_string())?)
    }
}

impl From<api_keys::Error> for GatewayError {
    fn from(error: api_keys::Error) -> Self {
        match error {
            api_keys::Error::Invalid(reason) => Self::Invalid(reason),
            api_keys::Error::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}
