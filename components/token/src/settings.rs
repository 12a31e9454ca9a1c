//! How long sessions live.

use strongroom_sdk::config::{Config, ConfigError};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// The service's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// `session_absolute`: the time from the login to the end of a session, in milliseconds.
    pub session_absolute_ms: i64,
    /// `session_idle`: the time from the last refresh to the end of a session, in milliseconds.
    pub session_idle_ms: i64,
    /// When the data was restored from a backup, in milliseconds since 1970 UTC. Sessions that
    /// began before have ended: some were ended after the backup was made.
    pub restored_at_ms: Option<i64>,
}

impl Default for Settings {
    /// 12 hours and 60 minutes, within what NIST SP 800-63B-4 allows a bank (24 hours, 1 hour).
    fn default() -> Self {
        Self {
            session_absolute_ms: 12 * HOUR_MS,
            session_idle_ms: 60 * MINUTE_MS,
            restored_at_ms: None,
        }
    }
}

impl Settings {
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let default = Self::default();
        let mut values = config.read();
        let settings = Self {
            session_absolute_ms: values
                .duration_ms("session_absolute", default.session_absolute_ms),
            session_idle_ms: values.duration_ms("session_idle", default.session_idle_ms),
            ..default
        };
        values.finish()?;
        Ok(settings)
    }
}
