//! A service's configuration: the values of `registry.toml`, read once into types.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

#[cfg(target_family = "wasm")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/config",
        inline: "
            package strongroom:sdk-config;
            world imports { import wasi:config/store@0.2.0-rc.1; }
        ",
        world: "strongroom:sdk-config/imports",
        generate_all,
    });
}

/// The values of the configuration, by key.
///
/// ```
/// use strongroom_sdk::config::Config;
///
/// let config = Config::from_pairs([("session_idle", "15m")]);
/// assert_eq!(config.duration_ms("session_idle", 60_000), Ok(900_000));
/// let error = config.expect_only(&["session_absolute"]).expect_err("an unknown key");
/// assert!(error.to_string().contains("session_idle"));
/// ```
#[derive(Clone, Default)]
pub struct Config(BTreeMap<String, String>);

/// Why a configuration is wrong. The text names the key, and never the value: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The host cannot read it.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(String),
    /// The service has no such key, which is most likely misspelt; and the keys that it has.
    #[error("config key `{0}` is not known; there are: {1}")]
    Unknown(String, String),
    /// A value is wrong.
    #[error("config key `{key}` must be {expected}")]
    Invalid {
        /// The key.
        key: String,
        /// What its value must be.
        expected: String,
    },
}

impl Config {
    /// The configuration of this service in the registry.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`].
    #[cfg(target_family = "wasm")]
    pub fn from_host() -> Result<Self, ConfigError> {
        use bindings::wasi::config::store;
        store::get_all()
            .map(|values| Self(values.into_iter().collect()))
            .map_err(|error| ConfigError::Unreadable(format!("{error:?}")))
    }

    /// A configuration of these values, for tests.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Self(pairs.into_iter().map(owned).collect())
    }

    /// Refuses every key that is not in `keys`.
    ///
    /// # Errors
    /// [`ConfigError::Unknown`] with the first such key.
    pub fn expect_only(&self, keys: &[&str]) -> Result<(), ConfigError> {
        match self.0.keys().find(|key| !keys.contains(&key.as_str())) {
            Some(key) => Err(ConfigError::Unknown(key.clone(), keys.join(", "))),
            None => Ok(()),
        }
    }

    /// The text of a key, if it is set.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// A whole number within `range`, or `default` if the key is not set.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn integer(
        &self,
        key: &str,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> Result<u32, ConfigError> {
        let Some(text) = self.text(key) else {
            return Ok(default);
        };
        match text.parse() {
            Ok(value) if range.contains(&value) => Ok(value),
            _ => Err(ConfigError::Invalid {
                key: key.to_owned(),
                expected: format!("a whole number from {} to {}", range.start(), range.end()),
            }),
        }
    }

    /// A length of time such as `12h` or `90s`, in milliseconds: at least a second and at most ten
    /// years. `default_ms` if the key is not set.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn duration_ms(&self, key: &str, default_ms: i64) -> Result<i64, ConfigError> {
        const RANGE_MS: RangeInclusive<i64> = 1_000..=10 * 365 * 24 * 3_600 * 1_000;
        let Some(text) = self.text(key) else {
            return Ok(default_ms);
        };
        let parsed = humantime::parse_duration(text)
            .ok()
            .and_then(|length| i64::try_from(length.as_millis()).ok());
        match parsed {
            Some(length_ms) if RANGE_MS.contains(&length_ms) => Ok(length_ms),
            _ => Err(ConfigError::Invalid {
                key: key.to_owned(),
                expected:
                    "a length of time such as \"60m\", at least a second and at most ten years"
                        .to_owned(),
            }),
        }
    }
}

impl fmt::Debug for Config {
    /// Shows only the keys: a value may be a secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
