//! Values that the registry does not hold itself: `{ env = "NAME" }` and `{ file = "PATH" }`.

use super::table::{TomlTable, type_name};
use crate::regular_file;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use toml::de::DeValue;

/// A larger file is no secret but a mistake.
const FILE_BYTES_MAX: u64 = 64 << 10;
/// What a value may be, for messages.
pub(super) const SECRETS: &str = "{ env = \"NAME\" }, or { file = \"PATH\" }";

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

/// Reads `{ env = "NAME", required = .. }` or `{ file = "PATH" }`, relative to `folder`.
/// `is_required` is the default of `required`; a file must be there.
pub(super) fn read_secret(
    mut secret: TomlTable<'_, '_>,
    folder: &Path,
    is_required: bool,
) -> Option<String> {
    if secret.get("file").is_some() {
        read_file(secret, folder)
    } else {
        read_environment(secret, is_required)
    }
}

fn read_file(mut secret: TomlTable<'_, '_>, folder: &Path) -> Option<String> {
    let file = secret.name("file", "must name a file");
    secret.refuse_unknown();
    let file = folder.join(file?);
    let read = regular_file::read(&file, FILE_BYTES_MAX).map_err(|error| error.to_string());
    let text =
        read.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()));
    let text = text.and_then(|text| match without_line_end(&text) {
        "" => Err("it is empty".to_owned()),
        text => Ok(text.to_owned()),
    });
    text.map_err(|problem| {
        let message = format!("{} cannot be used: {problem}", file.display());
        secret.problem(secret.span(), "file", message);
    })
    .ok()
}

/// Editors and `echo` end a file with a line's end, which is no part of the secret.
fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn read_environment(mut secret: TomlTable<'_, '_>, is_required: bool) -> Option<String> {
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
        "names no environment variable; write { env = \"NAME\" }, or { file = \"PATH\" }",
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
