//! What every error must look like: a problem document (RFC 9457).

use serde_json::Value;

use crate::{Answer, list};

impl Answer {
    /// Asserts a problem document with this status, and returns it.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        let document = self.json_of(status, &["application/problem+json"]);
        assert_eq!(document["status"], status, "{document}");
        assert_eq!(document["request_id"], self.request_id(), "{document}");
        for member in ["type", "title", "detail", "instance", "code"] {
            let text = document[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "no {member} in {document}");
        }
        let code = document["code"].as_str().unwrap_or_default();
        let is_snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(code.chars().all(is_snake), "{code} is not snake_case");
        document
    }

    /// Asserts a problem document with one of these statuses, and returns it.
    #[track_caller]
    pub fn problem_of(&self, statuses: &[u16]) -> Value {
        let Self { status, .. } = self;
        assert!(statuses.contains(status), "{status}: {}", self.text());
        self.problem(*status)
    }

    /// Asserts a problem document with this status and code, and returns it.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let document = self.problem(status);
        assert_eq!(document["code"], code, "{document}");
        document
    }

    /// Asserts 422 `validation_failed` with an error for the field at `pointer` (RFC 6901).
    #[track_caller]
    pub fn invalid(&self, pointer: &str) {
        self.refused_at(422, "validation_failed", pointer);
    }

    /// Asserts a problem document like this with an error for the field at `pointer` (RFC 6901).
    #[track_caller]
    pub fn refused_at(&self, status: u16, code: &str, pointer: &str) -> Value {
        let document = self.refused(status, code);
        let errors = list(&document["errors"]);
        for error in errors {
            for member in ["pointer", "code", "detail"] {
                assert!(error[member].is_string(), "no {member} in {error}");
            }
        }
        let is_there = errors.iter().any(|error| error["pointer"] == pointer);
        assert!(is_there, "nothing about {pointer} in {document}");
        document
    }

    /// Asserts a 401 for a token that is there and bad (RFC 6750 section 3.1).
    #[track_caller]
    pub fn bad_token(&self) {
        self.challenged("Bearer ", "error=\"invalid_token\"");
    }

    /// Asserts a 401 for a request that has no token.
    #[track_caller]
    pub fn no_token(&self) {
        self.challenged("Bearer", "");
    }

    #[track_caller]
    fn challenged(&self, start: &str, part: &str) {
        self.problem(401);
        let challenge = self.header("www-authenticate").unwrap_or_default();
        let is_so = challenge.starts_with(start) && challenge.contains(part);
        assert!(is_so, "www-authenticate: {challenge}");
    }

    /// The problem document without what differs each time: `instance`, `request_id`, and `ids`.
    #[track_caller]
    pub fn problem_without(&self, ids: &[&str]) -> String {
        let mut document: Value =
            serde_json::from_slice(&self.body).expect("a problem document is JSON");
        let members = document.as_object_mut().expect("an object");
        members.remove("instance");
        members.remove("request_id");
        ids.iter()
            .fold(document.to_string(), |text, id| text.replace(id, "<id>"))
    }
}
