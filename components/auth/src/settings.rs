//! The configuration: how the service hashes passwords, and the first administrator's password.

use argon2::{Algorithm, Argon2, Params, Version};
use strongroom_sdk::config::{Config, ConfigError};

/// OWASP's second choice for Argon2id (19 MiB, 2 passes, 1 lane), within ASVS 5.0 appendix C.
const MEMORY_KIB: u32 = 19_456;
const ITERATIONS: u32 = 2;

/// A component has no threads, and more lanes on one thread help only the attacker.
const LANES: u32 = 1;

/// The service's configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `argon2_memory_kib` (7,168 to 262,144) and `argon2_iterations` (1 to 10).
    pub argon2: Params,
}

impl Settings {
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let mut values = config.read();
        let memory_kib = values.integer("argon2_memory_kib", 7_168..=262_144, MEMORY_KIB);
        let iterations = values.integer("argon2_iterations", 1..=10, ITERATIONS);
        // `start` alone reads it.
        values.text(ADMIN_PASSWORD);
        let argon2 = Params::new(memory_kib, iterations, LANES, None)
            .map_err(|error| format!("config key `argon2_memory_kib`: {error}"));
        Ok(Self {
            argon2: values.finish_with(argon2)?,
        })
    }

    pub(crate) fn hasher(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.argon2.clone())
    }
}

const ADMIN_PASSWORD: &str = "admin_password";

/// `admin_password`: the password of `admin@strongroom.local`, used only if there is no
/// administrator yet. It is no setting, so that it is not in memory while the service handles
/// requests.
pub fn admin_password(config: &Config) -> Option<&str> {
    // An empty environment variable means an unset one.
    config.text(ADMIN_PASSWORD).filter(|text| !text.is_empty())
}
