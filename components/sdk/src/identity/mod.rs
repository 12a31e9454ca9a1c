//! The caller of a request, as the gateway has verified it.
//!
//! A handler takes the caller in first place. axum runs extractors from left to right and stops at
//! the first that fails, so a caller without the role learns nothing about the path, the query, or
//! the body:
//!
//! ```
//! use axum::{Router, routing::post};
//! use strongroom_sdk::http::PathId;
//! use strongroom_sdk::identity::Teller;
//! use strongroom_sdk::json::NoBody;
//!
//! async fn freeze(teller: Teller, PathId(account): PathId, _: NoBody) -> String {
//!     format!("{} froze {account}", teller.subject)
//! }
//!
//! let routes: Router = Router::new().route("/{id}/freeze", post(freeze));
//! ```

mod guard;
mod role;

pub use guard::{Admin, Auditor, Staff, Teller};
pub use role::Role;

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use uuid::Uuid;

/// The verified caller, from the headers `x-strongroom-subject`, `-role`, `-session`, `-scope`.
///
/// Only the host can set them: it drops a client's own `x-strongroom-*`, and sets these after it
/// has verified the access token. As an extractor it rejects with 401 where they are missing, so
/// that a route left public by mistake stays closed. Take [`Admin`], [`Teller`], [`Auditor`], or
/// [`Staff`] instead where only some roles may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's id.
    pub subject: Uuid,
    /// What the user may do.
    pub role: Role,
    /// The session of the access token.
    pub session: Uuid,
    /// Space-separated scopes (RFC 6749 section 3.3); may be empty.
    pub scope: String,
}

impl Identity {
    /// Whether the caller works for the bank (teller, auditor, admin), and so may *read* any
    /// customer's data.
    pub fn is_staff(&self) -> bool {
        matches!(self.role, Role::Teller | Role::Auditor | Role::Admin)
    }

    /// Whether the caller may read what belongs to `owner`: the owner, or staff.
    pub fn may_read(&self, owner: Uuid) -> bool {
        self.subject == owner || self.is_staff()
    }

    /// Passes if the caller has one of `roles`. For a rule that depends on more than the route.
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
    // Two values would be ambiguous.
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
