//! The JSON of a problem.

use super::{FieldError, Problem};
use serde::Serialize;
use serde_json::{Map, Value};

/// The document of RFC 9457 section 3.1, with the bank's extension members.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: String,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    extensions: &'a Map<String, Value>,
}

impl Problem {
    /// The document as JSON; `path` is that of the request.
    pub(crate) fn render(&self, path: Option<&str>, request_id: Option<&str>) -> String {
        let document = Document {
            r#type: type_of(self.0.code),
            title: title_of(self.0.code),
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            instance: self.0.instance.as_deref().or(path),
            code: self.0.code,
            request_id,
            errors: &self.0.errors,
            extensions: &self.0.extensions,
        };
        // Strings and numbers under distinct names always serialize.
        serde_json::to_string(&document).unwrap_or_default()
    }
}

/// `insufficient_funds` -> `urn:strongroom:problem:insufficient_funds`.
fn type_of(code: &str) -> String {
    format!("urn:strongroom:problem:{code}")
}

/// `insufficient_funds` -> `Insufficient funds`. The title depends only on the type, as RFC 9457
/// section 3.1.3 asks.
fn title_of(code: &str) -> String {
    let mut title = code.replace('_', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}
