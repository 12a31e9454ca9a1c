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
mod principal;
mod role;

pub use guard::{
    Admin, Auditor, Cashier, JournalReader, Payer, SessionUser, Staff, Teller, Writer,
};
pub use principal::Principal;
pub use role::Role;

use crate::http::request_id;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use uuid::Uuid;

/// The verified caller, from the headers `x-strongroom-subject`, `-role`, `-session`, `-scope`, and
/// `-actor`: a user with an access token, or a client with an API key.
///
/// Only the host can set them: it drops a client's own `x-strongroom-*`, and sets these after it
/// has verified the access token or key. As an extractor it rejects with 401 where they are
/// missing, so that a route left public by mistake stays closed. Take [`Admin`], [`Teller`],
/// [`Auditor`], or [`Staff`] instead where only some roles may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's id. Of a client: the customer for whom it acts, or the client's own id.
    pub subject: Uuid,
    /// What the subject may do.
    pub role: Role,
    /// The session of the access token; none with an API key.
    pub session: Option<Uuid>,
    /// The client whose API key it is; none with an access token.
    pub client: Option<Uuid>,
    /// Space-separated scopes (RFC 6749 section 3.3); may be empty.
    pub scope: String,
    /// The id of the request in the host's log. None only in tests without a host.
    pub request_id: Option<String>,
}

/// The callers of tests.
#[cfg(feature = "native")]
impl Identity {
    /// A user with a session, in the request `request-7`.
    pub fn of_user(subject: Uuid, role: Role) -> Self {
        Self {
            subject,
            role,
            session: Some(Uuid::nil()),
            client: None,
            scope: String::new(),
            request_id: Some("request-7".to_owned()),
        }
    }

    /// The same of a client that acts for the bank, or for a customer.
    pub fn of_client(client: Uuid, customer: Option<Uuid>) -> Self {
        let role = customer.map_or(Role::Service, |_| Role::Customer);
        Self {
            session: None,
            client: Some(client),
            ..Self::of_user(customer.unwrap_or(client), role)
        }
    }
}

impl Identity {
    /// Whether the caller works for the bank (teller, auditor, admin), and so may *read* any
    /// customer's data.
    pub fn is_staff(&self) -> bool {
        matches!(self.role, Role::Teller | Role::Auditor | Role::Admin)
    }

    /// Whether the caller may read any customer's data: staff, or a client that acts for the bank.
    pub fn reads_all(&self) -> bool {
        self.is_staff() || self.role == Role::Service
    }

    /// Whether the caller may read what belongs to `owner`: the owner, or who reads all.
    pub fn may_read(&self, owner: Uuid) -> bool {
        self.subject == owner || self.reads_all()
    }

    /// Who makes the request: the user, or the client.
    pub fn actor(&self) -> Uuid {
        self.client.unwrap_or(self.subject)
    }

    /// The customer for whom a client makes the request.
    pub fn on_behalf_of(&self) -> Option<Uuid> {
        self.client
            .is_some_and(|client| client != self.subject)
            .then_some(self.subject)
    }

    /// The owner of the request's idempotency key.
    pub fn principal(&self) -> Principal {
        match self.client {
            None => Principal::User(self.subject),
            Some(client) => Principal::Client {
                client,
                customer: self.on_behalf_of(),
            },
        }
    }

    /// Passes if the caller has one of `roles`. For a rule that depends on more than the route.
    ///
    /// # Errors
    /// 403 `forbidden`.
    pub fn require(&self, roles: &[Role]) -> Result<(), Problem> {
        if roles.contains(&self.role) {
            return Ok(());
        }
        let allowed: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
        let (allowed, own) = (allowed.join(" or "), self.role);
        let detail = match self.client {
            None => format!("The role {allowed} may do this, and yours is {own}."),
            // Of the role `customer` with `x-on-behalf-of`, and of the role `service` without.
            Some(_) if roles.contains(&Role::Service) => {
                "An API key may do this without `x-on-behalf-of` only.".to_owned()
            }
            Some(_) if roles.contains(&Role::Customer) => {
                "An API key may do this with `x-on-behalf-of` only, for a customer.".to_owned()
            }
            Some(_) => format!("A person of the role {allowed} may do this, and no API key."),
        };
        Err(Problem::forbidden(detail))
    }

    fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let id = |name| match headers.contains_key(name) {
            false => Some(None),
            true => text(headers, name)?.parse().ok().map(Some),
        };
        let (session, client) = (id("x-strongroom-session")?, id("x-strongroom-actor")?);
        // A token has a session, and an API key a client.
        if session.is_some() == client.is_some() {
            return None;
        }
        let subject: Uuid = text(headers, "x-strongroom-subject")?.parse().ok()?;
        // The nil UUID is the bank itself: its accounts are no caller's own.
        if subject.is_nil() {
            return None;
        }
        Some(Self {
            subject,
            role: text(headers, "x-strongroom-role")?.parse().ok()?,
            session,
            client,
            scope: text(headers, "x-strongroom-scope")
                .unwrap_or_default()
                .to_owned(),
            request_id: request_id(headers),
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
            Problem::unauthorized("unauthorized", "A valid access token or API key is needed.")
        })
    }
}

#[cfg(test)]
mod tests;
