//! Values that the environment holds: `{ env = "NAME" }`.

use super::table::{TomlTable, type_name};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use toml::de::DeValue;

/// The values of variables that the environment does not have.
static DEFAULTS: OnceLock<BTreeMap<String, String>> = OnceLock::new();

/// Sets values of variables for the case that the environment does not have them; once, before the
/// first registry is read.
pub fn set_defaults(defaults: BTreeMap<String, String>) {
    DEFAULTS.get_or_init(|| defaults);
}

/// The value of a variable, if it has one.
pub fn variable(name: &str) -> Option<String> {
    let default = || DEFAULTS.get()?.get(name).cloned();
    std::env::var(name).ok().or_else(default)
}

/// Reads `{ env = "NAME", required = .. }`; `is_required` is the default of `required`.
pub(super) fn read_environment(mut secret: TomlTable<'_, '_>, is_required: bool) -> Option<String> {
    let variable = secret.name("env", "must name an environment variable");
    let is_required = match secret.get("required") {
        None => is_required,
        Some(value) => match value.get_ref() {
            DeValue::Boolean(is_required) => *is_required,
            other => {
                let message = format!("must be true or false, not {}", type_name(other));
                secret.problem(value.span(), "required", message);
                false
            }
        },
    };
    secret.require(
        "env",
        "names no environment variable; write { env = \"NAME\" }",
    );
    secret.refuse_unknown();
    let variable = variable?;
    let value = self::variable(&variable);
    if value.is_none() && is_required {
        let message = format!(
            "the environment variable {variable} is not set, or is not UTF-8; \
             set it, or write `required = false`"
        );
        secret.problem(secret.span(), "env", message);
    }
    value
}
