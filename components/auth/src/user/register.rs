//! A customer registers.

use super::{NewUser, View};
use crate::email;
use crate::env::Env;
use crate::service::AuthService;
use serde::Deserialize;
use strongroom_sdk::idempotency::{IdempotencyKey, KeyedRequest, StoredReply};
use strongroom_sdk::identity::{Principal, Role};
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::problem::Problem;
use utoipa::ToSchema;

/// The body of `POST /register`. It has no role: serde refuses one as an unknown field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({
    "email": "ann@example.org", "password": "seven otters juggle walnuts", "name": "Ann"
})))]
pub struct Registration {
    /// The email address, which no other user may have.
    pub email: String,
    /// The password, which must keep the rules.
    pub password: String,
    /// The user's name, at most 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// What a client notes about the user.
    pub metadata: Option<Metadata>,
}

impl<E: Env> AuthService<E> {
    /// Makes a customer. Nobody is known to the gateway yet, so an idempotency key belongs to the
    /// address.
    ///
    /// # Errors
    /// 409 `email_taken`: the client learns who has an account, which only a mail server could
    /// avoid. A rate limit of the registry bounds how fast; the default registry has none.
    pub fn register(
        &self,
        key: Option<&IdempotencyKey>,
        registration: Registration,
    ) -> Result<StoredReply, Problem> {
        let principal = Principal::named(&email::key(&registration.email));
        // Never the password: its hash here would be a fast one.
        let asked = (
            &registration.email,
            &registration.name,
            &registration.metadata,
        );
        let request = KeyedRequest::new(key, principal, "POST /register", &asked)?;
        let new = NewUser {
            email: registration.email,
            password: registration.password,
            role: Role::Customer,
            name: registration.name,
            metadata: registration.metadata,
        };
        self.make_user::<View>(&request, &new, None)
    }
}
