//! The host, as the service sees it.

use super::bindings::strongroom::keys::{revocations, signer};
use crate::env::{Env, Keys, Policy, RevocationError, Revocations, SignError};
use crate::{Settings, TokenService};
use std::sync::OnceLock;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::config::{Config, ConfigError};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::HostStore;
use uuid::Uuid;

/// Everything outside is the host's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host;

impl Env for Host {
    type Store = HostStore;
    type Clock = SystemClock;
    type Random = SystemRandom;
    type Keys = HostKeys;
    type Revocations = HostRevocations;
}

/// The service, under the configuration that the host gives.
pub(crate) fn service() -> Result<TokenService<Host>, ConfigError> {
    Ok(TokenService {
        store: HostStore,
        clock: SystemClock,
        random: SystemRandom,
        revocations: HostRevocations,
        settings: settings()?,
    })
}

/// Read once by each instance: the host's answer does not change while the instance lives.
fn settings() -> Result<Settings, ConfigError> {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    match SETTINGS.get() {
        Some(settings) => Ok(*settings),
        None => {
            let settings = Settings::from_config(&Config::from_host()?)?;
            Ok(*SETTINGS.get_or_init(|| settings))
        }
    }
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

    fn sign(signing_input: &str) -> Result<Vec<u8>, SignError> {
        signer::sign(signing_input).map_err(|error| SignError(error.to_string()))
    }

    fn verify(token: &str) -> Option<String> {
        signer::verify(token)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct HostRevocations;

impl Revocations for HostRevocations {
    fn revoke_session(&self, session: Uuid) -> Result<(), RevocationError> {
        revocations::revoke_session(&session.to_string())
            .map_err(|error| RevocationError(error.to_string()))
    }

    fn revoke_subject(
        &self,
        subject: Uuid,
        security_version_min: i64,
        except: Option<Uuid>,
    ) -> Result<(), RevocationError> {
        let version = u64::try_from(security_version_min).unwrap_or(0);
        let except = except.map(|session| session.to_string());
        revocations::revoke_subject(&subject.to_string(), version, except.as_deref())
            .map_err(|error| RevocationError(error.to_string()))
    }
}
