//! Who makes a request: a user with an access token, or a client with an API key.

use super::api_keys::KnownKey;
use super::token::Claims;
use std::sync::Arc;
use uuid::Uuid;

/// The role of a client that acts for the bank.
const SERVICE: &str = "service";
/// The role in which a client acts for a customer.
const CUSTOMER: &str = "customer";

/// The verified caller of a request.
#[derive(Debug, Clone)]
pub struct Identity(Credential);

#[derive(Debug, Clone)]
enum Credential {
    Token(Arc<Claims>),
    Key {
        key: Arc<KnownKey>,
        /// The customer for whom the client acts.
        customer: Option<String>,
    },
}

impl Identity {
    pub(super) fn of_token(claims: Arc<Claims>) -> Self {
        Self(Credential::Token(claims))
    }

    pub(super) fn of_key(key: Arc<KnownKey>) -> Self {
        Self(Credential::Key {
            key,
            customer: None,
        })
    }

    /// The client, acting for a customer. A user cannot, and stays who they are.
    #[must_use]
    pub fn for_customer(self, customer: Uuid) -> Self {
        match self.0 {
            Credential::Key { key, .. } => Self(Credential::Key {
                key,
                customer: Some(customer.to_string()),
            }),
            Credential::Token(_) => self,
        }
    }

    /// The id of whom the request is for: the user, or the customer for whom the client acts, or
    /// else the client itself.
    pub fn subject(&self) -> &str {
        match &self.0 {
            Credential::Token(claims) => &claims.sub,
            Credential::Key { key, customer } => customer.as_deref().unwrap_or(&key.client),
        }
    }

    /// The session of the token (`sid`); none of a key.
    pub fn session(&self) -> Option<&str> {
        match &self.0 {
            Credential::Token(claims) => Some(&claims.sid),
            Credential::Key { .. } => None,
        }
    }

    /// The client whose key it is; none of a token.
    pub fn client(&self) -> Option<&str> {
        match &self.0 {
            Credential::Token(_) => None,
            Credential::Key { key, .. } => Some(&key.client),
        }
    }

    /// The id of who makes the request: the user, or the client.
    pub fn actor(&self) -> &str {
        self.client().unwrap_or_else(|| self.subject())
    }

    /// The role, which the services judge.
    pub fn role(&self) -> &str {
        match &self.0 {
            Credential::Token(claims) => &claims.role,
            Credential::Key { customer: None, .. } => SERVICE,
            Credential::Key { .. } => CUSTOMER,
        }
    }

    /// The scopes, separated by spaces.
    pub fn scope(&self) -> &str {
        match &self.0 {
            Credential::Token(claims) => &claims.scope,
            Credential::Key { key, .. } => &key.key.scope,
        }
    }

    /// Whether a call that needs this scope is within the caller's. A token without scopes, which a
    /// login makes, may do all that its role may.
    pub fn has_scope(&self, scope: &str) -> bool {
        let is_unlimited = self.client().is_none() && self.scope().is_empty();
        is_unlimited || self.scope().split(' ').any(|held| held == scope)
    }
}
