//! A user is made: a customer registers.

use super::{User, is_name};
use crate::audit_log::CREATED;
use crate::email::Email;
use crate::env::Env;
use crate::error::AuthError;
use crate::password;
use crate::service::AuthService;
use serde::Deserialize;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::identity::Role;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// The body of `POST /register`. It has no role: serde refuses one as an unknown field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The email address, which no other user may have.
    pub email: String,
    /// The password, which must keep the rules.
    pub password: String,
    /// The user's name, at most 100 characters.
    #[serde(default)]
    pub name: Option<String>,
}

/// A user who passes every rule and is not in the store yet.
pub(crate) struct CheckedUser {
    pub(crate) user: User,
    pub(crate) email: Email,
}

impl<E: Env> AuthService<E> {
    /// Makes a customer.
    ///
    /// # Errors
    /// [`AuthError::EmailTaken`]: the client learns who has an account, which only a mail server
    /// could avoid. A rate limit of the registry bounds how fast; the default registry has none.
    pub fn register(&self, registration: &Registration) -> Result<User, AuthError> {
        let new = self.new_user(
            &registration.email,
            &registration.password,
            registration.name.as_deref(),
            Role::Customer,
        )?;
        self.insert_user(new, None)
    }

    /// A user who passes every rule, with the password hashed.
    pub(crate) fn new_user(
        &self,
        email: &str,
        password: &str,
        name: Option<&str>,
        role: Role,
    ) -> Result<CheckedUser, AuthError> {
        let email =
            Email::parse(email).map_err(|error| AuthError::invalid("/email", error.to_string()))?;
        check_name(name)?;
        password::check(password, email.given(), name)
            .map_err(|error| AuthError::Password("/password", error))?;
        // A hash costs much: this refuses a taken address before. The insert decides.
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
        Ok(CheckedUser { user, email })
    }

    /// Writes a new user, and the event if staff made them.
    pub(crate) fn insert_user(
        &self,
        CheckedUser { user, email }: CheckedUser,
        made_by: Option<&Actor>,
    ) -> Result<User, AuthError> {
        let transaction = self.store.begin()?;
        if let Err(error) = user.insert(&email, &transaction) {
            // The user with the address may be of an earlier turn of the group. The commit waits
            // until they are on disk.
            transaction.commit()?;
            return Err(match error {
                StoreError::Constraint(text) if text.contains("email_key") => AuthError::EmailTaken,
                other => other.into(),
            });
        }
        if let Some(actor) = made_by {
            Record {
                new_value: Some(user.role.to_string()),
                ..self.record(actor, CREATED, user.id)
            }
            .append(&transaction)?;
        }
        transaction.commit()?;
        Ok(user)
    }
}

/// Passes a name that a user or an API key may have.
pub(crate) fn check_name(name: Option<&str>) -> Result<(), AuthError> {
    match name {
        Some(name) if !is_name(name) => Err(AuthError::invalid(
            "/name",
            "must have 1 to 100 characters, one of them visible, and no control characters",
        )),
        _ => Ok(()),
    }
}
