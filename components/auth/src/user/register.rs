//! A customer registers.

use crate::email::Email;
use crate::env::Env;
use crate::password;
use crate::service::{AuthError, AuthService};
use crate::user::{self, User};
use serde::Deserialize;
use strongroom_sdk::identity::Role;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// `POST /register`. There is no role here on purpose: it would be refused as an unknown field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The email address.
    pub email: String,
    /// The password.
    pub password: String,
    /// What the user is called.
    #[serde(default)]
    pub name: Option<String>,
}

impl<E: Env> AuthService<E> {
    /// Makes a customer.
    ///
    /// # Errors
    /// [`AuthError::EmailTaken`]: registering tells who has an account, which only a mail server could avoid. A rate limit
    /// of the registry bounds how fast; the default registry has none.
    pub fn register(&self, registration: &Registration) -> Result<User, AuthError> {
        let (user, email) = self.new_user(
            &registration.email,
            &registration.password,
            registration.name.as_deref(),
            Role::Customer,
        )?;
        let transaction = self.store.begin()?;
        if let Err(error) = insert(&user, &email, &transaction) {
            // Who has the address may be of an earlier turn of the group: the commit waits until it is on disk.
            transaction.commit()?;
            return Err(error);
        }
        transaction.commit()?;
        Ok(user)
    }

    /// A user who passes every rule, with the password hashed, not yet written.
    pub(crate) fn new_user(
        &self,
        email: &str,
        password: &str,
        name: Option<&str>,
        role: Role,
    ) -> Result<(User, Email), AuthError> {
        let email =
            Email::parse(email).map_err(|error| AuthError::Invalid("/email", error.to_string()))?;
        check_name(name)?;
        password::check(password, email.given(), name)
            .map_err(|error| AuthError::Password("/password", error))?;
        // The hash is dear: an address that is taken is refused before it. The insert decides.
        if User::by_email(email.key(), |sql, params| self.store.query(sql, params))?.is_some() {
            return Err(AuthError::EmailTaken);
        }
        let user = User {
            id: self.new_id(),
            email: email.given().to_owned(),
            name: name.map(str::to_owned),
            role,
            password_hash: self.hash_password(password)?,
            security_version: 1,
            disabled: false,
            created_at_ms: self.now_ms(),
        };
        Ok((user, email))
    }
}

pub(crate) fn check_name(name: Option<&str>) -> Result<(), AuthError> {
    match name {
        Some(name) if !user::is_name(name) => Err(AuthError::Invalid(
            "/name",
            "must have 1 to 100 characters, one of them visible, and no control characters"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

pub(crate) fn insert(
    user: &User,
    email: &Email,
    transaction: &impl Transaction,
) -> Result<(), AuthError> {
    user.insert(email, transaction)
        .map_err(|error| match error {
            StoreError::Constraint(text) if text.contains("email_key") => AuthError::EmailTaken,
            other => other.into(),
        })
}
