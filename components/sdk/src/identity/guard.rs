//! Extractors that judge a caller's role.

use super::{Identity, Role};
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use http::request::Parts;
use std::ops::Deref;

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

        impl<S: Sync> FromRequestParts<S> for $name {
            /// 401 `unauthorized`, or 403 `forbidden`.
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                Identity::from_request_parts(parts, state).await?.try_into()
            }
        }

        impl Deref for $name {
            type Target = Identity;

            fn deref(&self) -> &Identity {
                &self.0
            }
        }
    };
}

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
