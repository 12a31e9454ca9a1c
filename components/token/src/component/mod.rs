//! The shell that makes a WebAssembly component of the library: the bindings, the exports (but for
//! those of `routes` and `reports`), and the service that they share.

#[expect(
    unsafe_code,
    reason = "the component model's exports are C functions, which wit-bindgen writes"
)]
mod bindings;
mod env;
mod issuer;
mod lifecycle;

use crate::{Settings, TokenService};
use env::{HostEnv, HostRevocations};
use std::sync::OnceLock;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::config::{Config, ConfigError};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::restoration::restored_at_ms;
use strongroom_sdk::store::HostStore;

pub(crate) use bindings::exports::strongroom::service as exports;
pub(crate) use bindings::strongroom::keys::signer;

/// Has the exports.
pub(crate) struct Component;

type HostService = TokenService<HostEnv>;

/// The service with the host's configuration, which does not change while the instance lives.
fn configure() -> Result<HostService, ConfigError> {
    Ok(TokenService {
        store: HostStore,
        clock: SystemClock,
        random: SystemRandom,
        revocations: HostRevocations,
        settings: Settings {
            restored_at_ms: restored_at_ms(),
            ..Settings::from_config(&Config::from_host()?)?
        },
    })
}

/// The service of this instance.
///
/// # Panics
/// If the configuration is wrong. `start` has then refused the generation, and no call comes here.
pub(crate) fn service() -> &'static HostService {
    static SERVICE: OnceLock<HostService> = OnceLock::new();
    SERVICE.get_or_init(|| configure().expect("`start` accepted this configuration"))
}
