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
    /// Reads the configuration.
    ///
    /// # Errors
    /// The first key that is unknown or wrong.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        config.expect_only(&["admin_password", "argon2_iterations", "argon2_memory_kib"])?;
        let memory_kib = config.integer("argon2_memory_kib", 7_168..=262_144, MEMORY_KIB)?;
        let iterations = config.integer("argon2_iterations", 1..=10, ITERATIONS)?;
        let argon2 = Params::new(memory_kib, iterations, LANES, None).map_err(|error| {
            ConfigError::Invalid {
                key: "argon2_memory_kib".to_owned(),
                expected: format!("what Argon2 allows: {error}"),
            }
        })?;
        Ok(Self { argon2 })
    }

    pub(crate) fn hasher(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.argon2.clone())
    }
}

/// `admin_password`: the password of `admin@strongroom.local`, used only if there is no
/// administrator yet. It is no setting, so that it is not in memory while the service handles
/// requests.
pub fn admin_password(config: &Config) -> Option<&str> {
    // An empty environment variable means an unset one.
    config
        .text("admin_password")
        .filter(|text| !text.is_empty())
}
