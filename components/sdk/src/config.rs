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
/// let config = Config::from_pairs([("session_idle", "15m"), ("sesion", "1h")]);
/// let mut values = config.read();
/// assert_eq!(values.duration_ms("session_idle", 60_000), 900_000);
/// let error = values.finish().expect_err("an unknown key");
/// assert!(error.to_string().contains("`sesion` is not known"));
/// ```
#[derive(Clone, Default)]
pub struct Config(BTreeMap<String, String>);

/// What is wrong with a configuration, in a line each. The text names the keys, and never a value:
/// it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl Config {
    /// The configuration of this service in the registry.
    ///
    /// # Errors
    /// The host cannot read it.
    #[cfg(target_family = "wasm")]
    pub fn from_host() -> Result<Self, ConfigError> {
        use bindings::wasi::config::store;
        store::get_all()
            .map(|values| Self(values.into_iter().collect()))
            .map_err(|error| ConfigError(format!("the configuration cannot be read: {error:?}")))
    }

    /// A configuration of these values, for tests.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Self(pairs.into_iter().map(owned).collect())
    }

    /// The text of a key, if it is set.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Reads the values one by one; [`ConfigValues::finish`] has what is wrong with them.
    pub fn read(&self) -> ConfigValues<'_> {
        ConfigValues {
            config: self,
            known: Vec::new(),
            problems: Vec::new(),
        }
    }
}

/// A configuration that is being read. A wrong value reads as the default, so that
/// [`finish`](Self::finish) reports all that is wrong at once.
#[derive(Debug)]
pub struct ConfigValues<'c> {
    config: &'c Config,
    known: Vec<&'static str>,
    problems: Vec<String>,
}

impl<'c> ConfigValues<'c> {
    /// The text of a key, if it is set.
    pub fn text(&mut self, key: &'static str) -> Option<&'c str> {
        self.known.push(key);
        self.config.text(key)
    }

    /// A whole number within `range`, or `default` if the key is not set.
    pub fn integer(&mut self, key: &'static str, range: RangeInclusive<u32>, default: u32) -> u32 {
        let expected = || format!("a whole number from {} to {}", range.start(), range.end());
        let parse = |text: &str| text.parse().ok().filter(|value| range.contains(value));
        self.parsed(key, parse, expected, default)
    }

    /// A length of time such as `12h` or `90s`, in milliseconds: at least a second and at most ten
    /// years. `default_ms` if the key is not set.
    pub fn duration_ms(&mut self, key: &'static str, default_ms: i64) -> i64 {
        const RANGE_MS: RangeInclusive<i64> = 1_000..=10 * 365 * 24 * 3_600 * 1_000;
        let expected = || {
            "a length of time such as \"60m\", at least a second and at most ten years".to_owned()
        };
        let parse = |text: &str| {
            let length = humantime::parse_duration(text).ok()?;
            let length_ms = i64::try_from(length.as_millis()).ok()?;
            Some(length_ms).filter(|length_ms| RANGE_MS.contains(length_ms))
        };
        self.parsed(key, parse, expected, default_ms)
    }

    /// Refuses wrong values, and each key that was not read: it is most likely misspelt.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn finish(self) -> Result<(), ConfigError> {
        self.finish_with(Ok::<_, ConfigError>(()))
    }

    /// As [`finish`](Self::finish); returns what was made of the values, or refuses that too. Its
    /// error names the key, and never the value.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn finish_with<T>(mut self, made: Result<T, impl fmt::Display>) -> Result<T, ConfigError> {
        let keys = self.config.0.keys();
        for key in keys.filter(|key| !self.known.contains(&key.as_str())) {
            let there_are = match &*self.known {
                [] => "none".to_owned(),
                known => known.join(", "),
            };
            let problem = format!("config key `{key}` is not known; there are: {there_are}");
            self.problems.push(problem);
        }
        match made {
            Ok(made) if self.problems.is_empty() => return Ok(made),
            Ok(_) => {}
            Err(error) => self.problems.push(error.to_string()),
        }
        Err(ConfigError(self.problems.join("\n")))
    }

    fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
        expected: impl FnOnce() -> String,
        default: T,
    ) -> T {
        let Some(text) = self.text(key) else {
            return default;
        };
        parse(text).unwrap_or_else(|| {
            let problem = format!("config key `{key}` must be {}", expected());
            self.problems.push(problem);
            default
        })
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
