//! The exports that make a WebAssembly component of the library (but for those of `routes` and
//! `reports`), and the service that they share.

mod bindings;
mod ledger;
mod lifecycle;

use crate::account::{NumberFormat, OpenRules};
use crate::service::{Env, Service};
use std::sync::OnceLock;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::config::{Config, ConfigError};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::HostStore;

pub(crate) use bindings::exports::strongroom::service as exports;

/// Has the exports.
pub(crate) struct Component;

/// All is the host's.
pub(crate) struct Host;

impl Env for Host {
    type Store = HostStore;
    type Clock = SystemClock;
    type Random = SystemRandom;
}

/// Reads the configuration. `iban_country`: a country of the IBAN registry, two letters of ISO
/// 3166. `bank_code`: the part of the IBAN that all accounts share. `accounts_per_user_max`: the
/// accounts of a user that may be open at a time.
fn configure() -> Result<Service<Host>, ConfigError> {
    let config = Config::from_host()?;
    let mut values = config.read();
    let country = values.text("iban_country").unwrap_or("DE");
    let bank_code = values.text("bank_code").unwrap_or("10000000");
    let accounts_per_user_max = values.integer("accounts_per_user_max", 1..=10_000, 100);
    let number_format = values.finish_with(NumberFormat::new(country, bank_code))?;
    Ok(Service {
        store: HostStore,
        clock: SystemClock,
        random: SystemRandom,
        rules: OpenRules {
            number_format,
            accounts_per_user_max,
        },
    })
}

/// The service of this instance.
///
/// # Panics
/// If the configuration is wrong. `start` then refuses the generation, and no request comes here.
pub(crate) fn service() -> &'static Service<Host> {
    static SERVICE: OnceLock<Service<Host>> = OnceLock::new();
    SERVICE.get_or_init(|| configure().expect("`start` accepted this configuration"))
}
