//! Who makes a request: what the gateway has verified, and nothing that the client says.

mod role;

pub use role::Role;

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use uuid::Uuid;

/// The verified caller, from the headers `x-strongroom-subject`, `-role`, `-session`, `-scope`.
///
/// Only the host can set them: it drops a client's own `x-strongroom-*`, and sets these after it has verified the access token. As
/// an extractor it answers 401 where they are missing, so that a route left public by mistake stays closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's id.
    pub subject: Uuid,
    /// What the user may do.
    pub role: Role,
    /// The session that the token belongs to.
    pub session: Uuid,
    /// Space-separated scopes (RFC 6749 section 3.3); may be empty.
    pub scope: String,
}

impl Identity {
    /// Whether the caller works for the bank (teller, auditor, admin) and so may *read* any customer's data. What changes
    /// something needs [`Identity::require`] with the roles that may do it: an auditor only reads.
    pub fn is_staff(&self) -> bool {
        matches!(self.role, Role::Teller | Role::Auditor | Role::Admin)
    }

    /// Whether the caller may read what belongs to `owner`: the owner, or staff.
    pub fn may_read(&self, owner: Uuid) -> bool {
        self.subject == owner || self.is_staff()
    }

    /// Passes if the caller has one of `roles`.
    ///
    /// # Errors
    /// 403 `forbidden`.
    pub fn require(&self, roles: &[Role]) -> Result<(), Problem> {
        if roles.contains(&self.role) {
            Ok(())
        } else {
            Err(Problem::forbidden())
        }
    }

    fn from_headers(headers: &HeaderMap) -> Option<Self> {
        Some(Self {
            subject: text(headers, "x-strongroom-subject")?.parse().ok()?,
            role: text(headers, "x-strongroom-role")?.parse().ok()?,
            session: text(headers, "x-strongroom-session")?.parse().ok()?,
            scope: text(headers, "x-strongroom-scope")
                .unwrap_or_default()
                .to_owned(),
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    // Two values would leave open which one is meant.
    values.next().is_none().then_some(value)
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::from_headers(&parts.headers).ok_or_else(|| {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "A valid access token is needed.",
            )
            .with_header(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"strongroom\""),
            )
        })
    }
}

#[cfg(test)]
mod tests;
