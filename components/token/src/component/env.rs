//! What the host gives to the service.

use super::bindings::strongroom::keys::{revocations, signer};
use crate::TokenError;
use crate::env::{Env, Keys, Policy, Revocations};
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::HostStore;
use uuid::Uuid;

#[derive(Debug, Clone, Copy)]
pub(crate) struct HostEnv;

impl Env for HostEnv {
    type Store = HostStore;
    type Clock = SystemClock;
    type Random = SystemRandom;
    type Keys = HostKeys;
    type Revocations = HostRevocations;
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct HostKeys;

impl Keys for HostKeys {
    fn policy() -> Policy {
        let policy = signer::current_policy();
        Policy {
            kid: policy.kid,
            algorithm: policy.algorithm,
            issuer: policy.issuer,
            audience: policy.audience,
            lifetime_seconds_max: policy.lifetime_seconds_max,
        }
    }

    fn sign(signing_input: &str) -> Result<Vec<u8>, TokenError> {
        signer::sign(signing_input).map_err(|error| TokenError::Sign(error.to_string()))
    }

    fn verify(token: &str) -> Option<String> {
        signer::verify(token)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct HostRevocations;

impl Revocations for HostRevocations {
    fn revoke_session(&self, session: Uuid) -> Result<(), TokenError> {
        revocations::revoke_session(&session.to_string())
            .map_err(|error| TokenError::Revocation(error.to_string()))
    }

    fn revoke_subject(
        &self,
        subject: Uuid,
        security_version_min: i64,
        except: Option<Uuid>,
    ) -> Result<(), TokenError> {
        let version = u64::try_from(security_version_min).unwrap_or(0);
        let except = except.map(|session| session.to_string());
        revocations::revoke_subject(&subject.to_string(), version, except.as_deref())
            .map_err(|error| TokenError::Revocation(error.to_string()))
    }
}
