//! `strongroom:service/openapi`: a service describes its calls.

use super::generation::Generation;
use crate::runtime::instance::failure::CallFailure;
use crate::runtime::limits::call_times::CallTimes;
use crate::runtime::limits::guest_log::cut;
use serde_json::Value;

/// The interface, as components export it.
const OPENAPI: &str = "strongroom:service/openapi@0.1.0";
/// Its one function.
const OPENAPI_FUNCTION: &str = "document";
/// The largest document, in bytes.
const DOCUMENT_BYTES_MAX: usize = 1 << 20;

impl Generation {
    /// Asks the component for its document, if it exports the interface. Without a good one its
    /// calls are not described, and the log says why.
    pub async fn read_openapi(&self) {
        let Some(function) = self.exports.find(OPENAPI, OPENAPI_FUNCTION) else {
            return;
        };
        let times = CallTimes::of_calls(&self.spec.limits);
        let answer: Result<String, CallFailure> = self.pool.call_typed(function, (), times).await;
        let document = match answer {
            Ok(text) => parse(&text),
            Err(failure) => Err(failure.cause),
        };
        match document {
            // It is asked once.
            Ok(document) => drop(self.openapi.set(document)),
            Err(reason) => tracing::warn!(
                service = self.spec.name,
                reason = cut(reason),
                "the service has no OpenAPI document"
            ),
        }
    }

    /// What [`Generation::read_openapi`] has read.
    pub fn openapi(&self) -> Option<&Value> {
        self.openapi.get()
    }
}

/// Reads a document as far as merging needs it.
fn parse(text: &str) -> Result<Value, String> {
    if text.len() > DOCUMENT_BYTES_MAX {
        let bytes = text.len();
        return Err(format!("{bytes} bytes are more than {DOCUMENT_BYTES_MAX}"));
    }
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let paths = document["paths"].as_object().ok_or("it has no `paths`")?;
    match paths
        .iter()
        .find(|(path, item)| !path.starts_with('/') || !item.is_object())
    {
        Some((path, _)) => Err(format!("`{path}` is no path, or has no object")),
        None => Ok(document),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_paths_with_objects() {
        assert!(parse(r#"{"openapi":"3.1.0","paths":{"/":{"get":{}}}}"#).is_ok());
        for (wrong, reason) in rows! {
            ("", "EOF"), ("[]", "no `paths`"), (r#"{"paths":[]}"#, "no `paths`"),
            (r#"{"paths":{"a":{}}}"#, "`a` is no path"),
            (r#"{"paths":{"/a":7}}"#, "`/a` is no path"), (&"[".repeat(1_000), "recursion limit"),
            (&" ".repeat(DOCUMENT_BYTES_MAX + 1), "more than 1048576"),
        } {
            let refused = parse(wrong).unwrap_err();
            assert!(refused.contains(reason), "{refused}");
        }
    }
}
