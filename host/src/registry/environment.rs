//! Values that the environment holds: `{ env = "NAME" }`.

use super::problem::Collector;
use super::table::{TomlTable, type_name};
use toml::de::DeValue;

/// Reads `{ env = "NAME", required = .. }`; what is not said of `required` is as `is_required`.
pub(super) fn read_environment(
    secret: &mut TomlTable<'_, '_>,
    is_required: bool,
    problems: &mut Collector<'_>,
) -> Option<String> {
    let variable = secret.string(problems, "env", |name| match name {
        "" => Err("must name an environment variable".to_owned()),
        name => Ok(name.to_owned()),
    });
    let required = match secret
        .get("required")
        .map(|value| (value.span(), value.get_ref()))
    {
        None => is_required,
        Some((_, DeValue::Boolean(required))) => *required,
        Some((span, other)) => {
            let message = format!("must be true or false, not {}", type_name(other));
            problems.add(span, &secret.path_of("required"), message);
            false
        }
    };
    if secret.get("env").is_none() {
        let message = "names no environment variable; write { env = \"NAME\" }";
        problems.add(secret.span(), &secret.path_of("env"), message);
    }
    secret.refuse_unknown(problems);
    let variable = variable?;
    match std::env::var(&variable) {
        Ok(value) => Some(value),
        Err(_) => {
            if required {
                let message = format!(
                    "the environment variable {variable} is not set, or is not UTF-8; set it, or write `required = false`"
                );
                problems.add(secret.span(), &secret.path_of("env"), message);
            }
            None
        }
    }
}
