//! The shell that makes a WebAssembly component of the library: the bindings, the exports (but for
//! those of `routes` and `reports`), and the service that they share.

#[expect(
    unsafe_code,
    reason = "the component model's exports are C functions, which wit-bindgen writes"
)]
mod bindings;
mod commands;
mod directory;
mod env;
mod lifecycle;

use crate::{AuthService, Settings};
use env::{HostCompute, HostEnv, HostKeys, TokenLink};
use std::sync::OnceLock;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::config::{Config, ConfigError};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::HostStore;

pub(crate) use bindings::exports::strongroom::service as exports;

/// Has the exports.
pub(crate) struct Component;

type HostService = AuthService<HostEnv>;

/// The service with the host's configuration, which does not change while the instance lives.
fn configure(config: &Config) -> Result<HostService, ConfigError> {
    Ok(AuthService {
        store: HostStore,
        clock: SystemClock,
        random: SystemRandom,
        compute: HostCompute,
        issuer: TokenLink,
        gateway: HostKeys,
        settings: Settings::from_config(config)?,
    })
}

/// The service of this instance.
///
/// # Panics
/// If the configuration is wrong. `start` has then refused the generation, and no call comes here.
pub(crate) fn service() -> &'static HostService {
    static SERVICE: OnceLock<HostService> = OnceLock::new();
    SERVICE.get_or_init(|| {
        Config::from_host()
            .and_then(|config| configure(&config))
            .expect("`start` accepted this configuration")
    })
}
