//! Values that the environment holds: `{ env = "NAME" }`.

use super::table::{TomlTable, type_name};
use toml::de::DeValue;

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
    let value = std::env::var(&variable).ok();
    if value.is_none() && is_required {
        let message = format!(
            "the environment variable {variable} is not set, or is not UTF-8; \
             set it, or write `required = false`"
        );
        secret.problem(secret.span(), "env", message);
    }
    value
}
