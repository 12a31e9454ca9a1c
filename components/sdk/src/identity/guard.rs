//! Extractors that judge who the caller is.

use super::{Identity, Role};
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use http::request::Parts;
use std::ops::Deref;
use uuid::Uuid;

/// Makes an extractor of a type that some identities become.
macro_rules! extractor {
    ($name:ident) => {
        impl<S: Sync> FromRequestParts<S> for $name {
            /// 401 `unauthorized`, or 403 `forbidden`.
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                Identity::from_request_parts(parts, state).await?.try_into()
            }
        }
    };
}

/// Makes an extractor of a set of roles.
macro_rules! guard {
    ($(#[$doc:meta])* $name:ident: $($role:ident),+) => {
        $(#[$doc])*
        ///
        /// It is an [`Identity`] that has the role: what takes it need not judge the role again.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(Identity);

        impl TryFrom<Identity> for $name {
            /// 403 `forbidden`.
            type Error = Problem;

            fn try_from(identity: Identity) -> Result<Self, Problem> {
                identity.require(&[$(Role::$role),+])?;
                Ok(Self(identity))
            }
        }

        extractor!($name);

        impl Deref for $name {
            type Target = Identity;

            fn deref(&self) -> &Identity {
                &self.0
            }
        }
    };
}

/// A user with a session, which the user has made by logging in. A client has no session, and no
/// client can do for a user what takes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionUser {
    /// The user.
    pub identity: Identity,
    /// Their session.
    pub session: Uuid,
}

impl TryFrom<Identity> for SessionUser {
    /// 403 `forbidden`.
    type Error = Problem;

    fn try_from(identity: Identity) -> Result<Self, Problem> {
        let session = identity.session.ok_or_else(|| {
            Problem::forbidden("A user may do this with an access token, and no API key for them.")
        })?;
        Ok(Self { identity, session })
    }
}

extractor!(SessionUser);

guard! {
    /// A caller who may administer users: an admin.
    Admin: Admin
}

guard! {
    /// A caller who may act for customers: a teller or an admin.
    Teller: Teller, Admin
}

guard! {
    /// A caller who may pay in and make postings for the bank: a teller, an admin, or a client.
    Cashier: Teller, Admin, Service
}

guard! {
    /// A caller who may change something: anyone but an auditor.
    Writer: Customer, Teller, Admin, Service
}

guard! {
    /// A caller who may order payments from accounts of their own: a customer, a teller, or an
    /// admin.
    Payer: Customer, Teller, Admin
}

guard! {
    /// A caller who may read logs: an auditor or an admin.
    Auditor: Auditor, Admin
}

guard! {
    /// A caller who may read the journal: an auditor, an admin, or a client.
    JournalReader: Auditor, Admin, Service
}

guard! {
    /// A caller who may read any customer's data: a teller, an auditor, or an admin.
    Staff: Teller, Auditor, Admin
}
